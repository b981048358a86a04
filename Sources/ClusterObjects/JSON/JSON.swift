/// A JSON value (RFC 8259) that keeps the order of its objects' members.
///
/// Asking for a member that is not there gives `null`, so that a reader goes down without looking at each step; setting one goes down
/// in the same way and makes the objects on its way.
public enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    /// A number that is no `Int`, as it was written.
    case number(String)
    case string(String)
    case array([JSON])
    case object(Members)

    /// The members of an object, in order, each name once.
    public struct Members: Hashable, Sendable {
        public private(set) var entries: [Entry] = []

        /// A member: its name and value.
        public struct Entry: Hashable, Sendable {
            public let name: String
            public var value: JSON
        }

        public init() {}

        /// The value of this name; nil if there is none. Setting nil removes it.
        public subscript(name: String) -> JSON? {
            get { entries.first { $0.name == name }?.value }
            set {
                guard let index = entries.firstIndex(where: { $0.name == name }) else {
                    if let newValue { entries.append(Entry(name: name, value: newValue)) }
                    return
                }
                if let newValue { entries[index].value = newValue } else { entries.remove(at: index) }
            }
        }

        /// Adds a member whose name is known to be new.
        mutating func append(_ name: String, _ value: JSON) { entries.append(Entry(name: name, value: value)) }

        public var isEmpty: Bool { entries.isEmpty }

        // Two objects are the same whatever the order of their members.
        public static func == (lhs: Self, rhs: Self) -> Bool {
            lhs.entries.count == rhs.entries.count
                && (zip(lhs.entries, rhs.entries).allSatisfy(==) || lhs.entries.allSatisfy { rhs[$0.name] == $0.value })
        }

        public func hash(into hasher: inout Hasher) {
            hasher.combine(entries.count)
            hasher.combine(Set(entries.map(\.name)))
        }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }

    /// An object; members that are null are left out, so that what there is nothing of need not be told apart.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        var members = Members()
        for (name, value) in elements where value != .null { members[name] = value }
        self = .object(members)
    }
}

extension JSON {
    /// An object of texts, its names sorted; null for none.
    public init(texts: [String: String]) {
        if texts.isEmpty { self = .null } else { self.init(allTexts: texts) }
    }

    /// An object of texts, its names sorted.
    public init(allTexts texts: [String: String]) {
        var members = Members()
        for (name, text) in texts.sorted(by: { $0.key < $1.key }) { members.append(name, .string(text)) }
        self = .object(members)
    }

    /// A text, or null for none.
    public init(_ text: String?) { self = text.map(JSON.string) ?? .null }

    /// An array of texts.
    public init(_ texts: some Sequence<String>) { self = .array(texts.map(JSON.string)) }

    /// An array; null for none at all.
    public init(nonEmpty items: [JSON]) { self = items.isEmpty ? .null : .array(items) }

    /// The member of this name; null if it is not there or this is no object. Setting null removes it.
    public subscript(name: String) -> JSON {
        get {
            guard case .object(let members) = self else { return .null }
            return members[name] ?? .null
        }
        set {
            var members = Members()
            if case .object(let own) = self { members = own }
            // There is one copy of the members, which can be changed in its place.
            self = .null
            members[name] = newValue == .null ? nil : newValue
            self = .object(members)
        }
    }

    /// The item at this place; null if there is none or this is no array.
    public subscript(index: Int) -> JSON {
        guard case .array(let items) = self, items.indices.contains(index) else { return .null }
        return items[index]
    }

    /// What a path of names leads to.
    public func at(_ path: String...) -> JSON { path.reduce(self) { $0[$1] } }

    /// The text; nil for anything but a string.
    public var text: String? { if case .string(let text) = self { text } else { nil } }
    /// The number; nil for anything but a whole number.
    public var integer: Int? { if case .integer(let number) = self { number } else { nil } }
    /// Whether it is `true`.
    public var isTrue: Bool { self == .bool(true) }
    public var isNull: Bool { self == .null }
    /// The items of an array; none of anything else.
    public var items: [JSON] { if case .array(let items) = self { items } else { [] } }
    /// The members of an object; none of anything else.
    public var members: [Members.Entry] { if case .object(let members) = self { members.entries } else { [] } }
    /// The texts of an object of texts.
    public var texts: [String: String] {
        var texts: [String: String] = [:]
        for entry in members { if let text = entry.value.text { texts[entry.name] = text } }
        return texts
    }

    /// Sets what is not there.
    public mutating func setDefault(_ name: String, _ value: JSON) {
        if self[name].isNull { self[name] = value }
    }

    /// The members of another object laid over this one's; objects are merged, anything else is replaced.
    public func overlaid(with other: JSON) -> JSON {
        guard case .object(var own) = self, case .object(let others) = other else { return other.isNull ? self : other }
        for entry in others.entries {
            own[entry.name] = own[entry.name].map { $0.overlaid(with: entry.value) } ?? entry.value
        }
        return .object(own)
    }
}
