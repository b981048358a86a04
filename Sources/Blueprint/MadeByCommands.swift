import Addresses
import NetworkObjects
import Topology

/// What the commands of one node or host made of its namespace, as it was seen when they were over.
public struct MadeByCommands: Hashable, Sendable {
    /// What is not as it was when they began.
    public var changes: [Change] = []
    /// The new names of ends of cables, by their old ones.
    public var renamed: [InterfaceName: InterfaceName] = [:]

    /// Nothing.
    public init() {}

    /// How many objects it names.
    public var objectCount: Int { changes.reduce(0) { $0 + $1.after.count + ($1.before == nil ? 0 : 1) } }

    /// What commands made of the objects of one identity.
    public struct Change: Hashable, Sendable {
        /// The object as it was when they began; nil where there was none.
        public var before: KernelObject?
        /// The objects as they were when they were over; none where they were removed.
        public var after: [KernelObject]
        /// The position of the command that made it, or that changed last what was there before.
        public var command: Int

        public init(before: KernelObject?, after: [KernelObject], command: Int) {
            self.before = before
            self.after = after
            self.command = command
        }
    }
}

extension Blueprint {
    /// Takes for wanted what commands made.
    ///
    /// - Parameter made: by namespace.
    public mutating func take(_ made: [String: MadeByCommands]) {
        for index in namespaces.indices {
            for (former, name) in made[namespaces[index].name]?.renamed ?? [:] { rename(former, to: name, in: index) }
        }
        for index in namespaces.indices {
            if let made = made[namespaces[index].name] { namespaces[index].take(made) }
        }
    }

    /// Gives an end of a cable another name. What is on it comes with it, under that name, with what else commands made.
    private mutating func rename(_ former: InterfaceName, to name: InterfaceName, in index: Int) {
        guard let position = namespaces[index].content.links.firstIndex(where: { $0.name == former }),
            case .veth(let peer?) = namespaces[index].content.links[position].kind
        else { return }
        namespaces[index].content.links[position].name = name
        for other in namespaces.indices where namespaces[other].name == peer.namespace {
            for link in namespaces[other].content.links.indices
            where namespaces[other].content.links[link].name == peer.name {
                namespaces[other].content.links[link].kind = .veth(
                    peer: VethPeer(namespace: namespaces[index].name, name: name))
            }
        }
    }

    /// Has namespaces hold what they hold when their commands begin.
    public mutating func goBackBeforeCommands(of names: Set<String>) {
        for index in namespaces.indices where names.contains(namespaces[index].name) {
            if let before = namespaces[index].contentBeforeCommands { namespaces[index].content = before }
        }
    }
}

extension Blueprint.Namespace {
    fileprivate mutating func take(_ made: MadeByCommands) {
        for change in made.changes {
            guard let identity = (change.after.first ?? change.before)?.identity else { continue }
            if commands.indices.contains(change.command) {
                origins[identity] = commands[change.command].place ?? commands[change.command].text
            }
            take(change, identity)
        }
        content.links.sortByDependence()
        // An edit of the topology may have taken away what commands made something on.
        let names = Set(content.links.map(\.name))
        content.lists.keep { object in object.link.map(names.contains) ?? true }
        // A node is known by what the cluster calls it.
        if kind == .host {
            let all = content.addresses.filter { $0.scope == .universe }.map(\.address.address)
            let present = Set(all)
            let known = addresses.filter(present.contains)
            let further = Set(known)
            addresses = AddressFamily.allCases.flatMap { family in
                known.filter { $0.family == family } + all.filter { $0.family == family && !further.contains($0) }
            }
        }
    }

    private mutating func take(_ change: MadeByCommands.Change, _ identity: KernelObject.Identity) {
        if let table = (change.after.first ?? change.before)?.value as? RuleTable {
            content.listedTables.removeAll { $0.id == table.id }
            content.listedTables += change.after.compactMap { $0.value as? RuleTable }
            return
        }
        if let link = (change.after.first ?? change.before)?.value as? Link,
            let own = content.links.first(where: { $0.name == link.name })
        {
            // A cable is the lab's, whatever its ends look like.
            guard let after = change.after.first?.value as? Link else {
                if case .veth = own.kind { return }
                content.lists.replace(identity, with: [])
                return
            }
            content.lists.replace(
                identity, with: [KernelObject(own.changed(as: after, wasFrom: change.before?.value as? Link))])
            return
        }
        if change.after.isEmpty, let object = change.before, object.isKernelMade {
            content.withoutKernelMade.append(object)
        }
        content.lists.replace(identity, with: change.after)
    }
}

extension KernelObject {
    /// Whether a kernel has it by itself in every namespace.
    fileprivate var isKernelMade: Bool {
        func isMade<Object: NetworkObject>(_ object: Object) -> Bool {
            AddressFamily.allCases.contains { Object.kernelMade($0).contains(object) }
        }
        return isMade(value)
    }
}

extension Link {
    /// This link with those attributes changed that were changed of another.
    fileprivate func changed(as after: Link, wasFrom before: Link?) -> Link {
        var link = self
        if after.mac != before?.mac { link.mac = after.mac }
        if after.mtu != before?.mtu { link.mtu = after.mtu }
        if after.master != before?.master { link.master = after.master }
        if after.group != before?.group { link.group = after.group }
        if after.isUp != before?.isUp { link.isUp = after.isUp }
        if after.alias != before?.alias { link.alias = after.alias }
        if after.token != before?.token { link.token = after.token }
        switch (kind, after.kind) {
        case (.veth, .veth): break
        default: if after.kind != before?.kind { link.kind = after.kind }
        }
        return link
    }
}

extension [Link] {
    /// Puts each after those of the namespace that it is on or a port of; the others keep their order.
    fileprivate mutating func sortByDependence() {
        let positions = Dictionary(indices.map { (self[$0].name, $0) }, uniquingKeysWith: { first, _ in first })
        var sorted: [Link] = []
        var seen: Set<InterfaceName> = []
        func add(_ link: Link) {
            guard seen.insert(link.name).inserted else { return }
            for name in [link.lower, link.master] {
                if let name, let position = positions[name] { add(self[position]) }
            }
            sorted.append(link)
        }
        for link in self { add(link) }
        self = sorted
    }
}
