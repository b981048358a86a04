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

    /// Drops the objects that are not to be kept.
    public mutating func keep(_ isKept: (any NetworkObject) -> Bool) {
        lists = lists.compactMapValues { $0.filtered(isKept) }
    }

    /// Puts objects, all of one identity, in the place of those of that identity, and where there are none after those of their kind.
    ///
    /// - Parameter objects: none to remove those that there are.
    public mutating func replace(_ identity: KernelObject.Identity, with objects: [KernelObject]) {
        for (kind, list) in lists {
            let found = list.objects
            guard let index = found.firstIndex(where: { KernelObject($0).identity == identity }) else { continue }
            var rest = found.filter { KernelObject($0).identity != identity }
            rest.insert(contentsOf: objects.map(\.value), at: index)
            lists[kind] = list.holding(rest)
            return
        }
        for object in objects { append(object.value) }
    }

    private mutating func append<Object: NetworkObject>(_ object: Object) { self[Object.self].append(object) }

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
    /// Nil where none is left.
    func filtered(_ isKept: (any NetworkObject) -> Bool) -> (any ObjectList)?
    /// A list of the same kind with these objects; nil for none.
    func holding(_ objects: [any NetworkObject]) -> (any ObjectList)?
}

extension Array: ObjectList where Element: NetworkObject {
    fileprivate var objects: [any NetworkObject] { self }
    fileprivate func isEqual(to other: any ObjectList) -> Bool { other as? [Element] == self }

    fileprivate func filtered(_ isKept: (any NetworkObject) -> Bool) -> (any ObjectList)? {
        let kept = filter { isKept($0) }
        return kept.isEmpty ? nil : kept
    }

    fileprivate func holding(_ objects: [any NetworkObject]) -> (any ObjectList)? {
        let list = objects.compactMap { $0 as? Element }
        return list.isEmpty ? nil : list
    }
}
