/// Objects of many kinds, each kind in an order of its own.
public struct ObjectLists: Hashable, Sendable {
    private var lists: [ObjectIdentifier: any ObjectList] = [:]

    /// No objects.
    public init() {}

    /// The objects of a kind.
    public subscript<Object: NetworkObject>(_: Object.Type) -> [Object] {
        get { lists[ObjectIdentifier(Object.self)] as? [Object] ?? [] }
        // In place, or every object that is added would copy those before it.
        _modify {
            let kind = ObjectIdentifier(Object.self)
            var list = lists.removeValue(forKey: kind) as? [Object] ?? []
            defer { if !list.isEmpty { lists[kind] = list } }
            yield &list
        }
    }

    public func objects(of kinds: [any NetworkObject.Type]) -> [KernelObject] {
        var objects: [KernelObject] = []
        objects.reserveCapacity(count)
        for kind in kinds {
            for object in lists[ObjectIdentifier(kind)]?.objects ?? [] { objects.append(KernelObject(object)) }
        }
        return objects
    }

    /// How many objects there are.
    public var count: Int { lists.values.reduce(0) { $0 + $1.count } }

    public static func == (one: Self, other: Self) -> Bool {
        one.lists.count == other.lists.count
            && one.lists.allSatisfy { kind, list in other.lists[kind].map(list.isEqual) ?? false }
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(count) }
}

/// The objects of one kind.
private protocol ObjectList: Sendable {
    var count: Int { get }
    var objects: [any NetworkObject] { get }
    func isEqual(to other: any ObjectList) -> Bool
}

extension Array: ObjectList where Element: NetworkObject {
    fileprivate var objects: [any NetworkObject] { self }
    fileprivate func isEqual(to other: any ObjectList) -> Bool { other as? [Element] == self }
}
