import Addresses

/// A kind of object that a network namespace holds: what makes an object the same one, what of it may differ, and its words.
public protocol NetworkObject: Codable, Hashable, Sendable, CustomStringConvertible {
    /// What makes it the same object, whatever else of it is changed.
    associatedtype Identity: Hashable, Sendable

    /// The kind, as reports name it: `link`, `route`, `fdb`.
    static var kindName: String { get }
    /// The kind of this object: its type's, unless one type stands for several.
    var kindName: String { get }
    /// What makes it the same object. Several with one identity may be there at once where the kernel allows it.
    var identity: Identity { get }
    /// The link that it is on, and goes with; nil for one that stays whatever link goes.
    var link: InterfaceName? { get }
    /// Whether a program installed it that keeps its objects while it runs, as it learns: a routing daemon, a DHCP client.
    var isOfDaemon: Bool { get }
    /// What of an object that the kernel has, and that is of the same identity, is not as this value says.
    func differences(from found: Self) -> [AttributeDifference]
    /// Those that a kernel has by itself in every namespace that uses a family.
    static func kernelMade(_ family: AddressFamily) -> [Self]
}

extension NetworkObject {
    public var kindName: String { Self.kindName }
    public var isOfDaemon: Bool { false }
    public static func kernelMade(_ family: AddressFamily) -> [Self] { [] }
}

extension NetworkObject where Identity == Self {
    // There is nothing that could be changed without making it another object.
    public var identity: Self { self }
    public func differences(from found: Self) -> [AttributeDifference] { [] }
}

/// One object of a namespace, of any kind.
public struct KernelObject: Hashable, Sendable {
    public let value: any NetworkObject

    /// Any object.
    public init(_ value: any NetworkObject) { self.value = value }

    /// What makes an object of any kind the same one.
    public struct Identity: Hashable, Sendable {
        private let kind: ObjectIdentifier
        private let value: any Hashable & Sendable

        fileprivate init<Object: NetworkObject>(_ object: Object) {
            kind = ObjectIdentifier(Object.self)
            value = object.identity
        }

        public static func == (one: Self, other: Self) -> Bool {
            one.kind == other.kind && isEqual(one.value, other.value)
        }

        public func hash(into hasher: inout Hasher) {
            hasher.combine(kind)
            value.hash(into: &hasher)
        }
    }

    /// What makes it the same object.
    public var identity: Identity { Identity(value) }

    /// The kind, as reports name it.
    public var kindName: String { value.kindName }

    /// The link that it is on, and goes with.
    public var link: InterfaceName? { value.link }

    /// Whether a program keeps it that learns.
    public var isOfDaemon: Bool { value.isOfDaemon }

    /// What of an object of the same identity is not as this one says.
    public func differences(from found: KernelObject) -> [AttributeDifference] {
        func compare<Object: NetworkObject>(_ wanted: Object) -> [AttributeDifference] {
            (found.value as? Object).map { wanted.differences(from: $0) } ?? []
        }
        return compare(value)
    }

    public static func == (one: Self, other: Self) -> Bool { isEqual(one.value, other.value) }

    public func hash(into hasher: inout Hasher) { value.hash(into: &hasher) }
}

extension KernelObject: CustomStringConvertible {
    /// The object without its kind, in the words of the tool that shows it.
    public var description: String { value.description }
}

/// Whether two values of any types are of one type and equal.
private func isEqual(_ one: any Hashable, _ other: any Hashable) -> Bool {
    func compare<Value: Hashable>(_ one: Value) -> Bool { (other as? Value) == one }
    return compare(one)
}
