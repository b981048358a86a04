import Addresses
import Blueprint
import Glibc
import NetworkNamespaces
import NetworkObjects
import Nftables
import Rtnetlink
import Synchronization
import System

/// Making a lab's namespaces into what its blueprint names, over the sockets opened inside them.
struct Applier {
    private let blueprint: Blueprint
    private let sessions: [Session]
    private let changes: [ChangeSet]
    private let cancellation: Cancellation
    private let position: [String: Int]
    private var veths: [VethPeer: Link] = [:]
    private let generations: Slots<UInt32>
    private let toleratesRefusals: Bool
    /// What the kernel refused to change of what nobody asked for.
    let refusals = Refusals()

    /// For each namespace, the number that its rule set has since it was changed in the way that was planned.
    var changedRuleSets: [UInt32?] { generations.all }

    /// - Parameters:
    ///   - sessions: one for each namespace of the blueprint, in its order.
    ///   - changes: likewise.
    ///   - toleratesRefusals: whether a setting or an attribute that the kernel does not take is noted and no error: what has it
    ///     is made anew then.
    ///   - cancellation: asked for before each namespace.
    init(
        _ blueprint: Blueprint, sessions: [Session], changes: [ChangeSet], toleratesRefusals: Bool = false,
        _ cancellation: Cancellation
    ) {
        self.toleratesRefusals = toleratesRefusals
        self.blueprint = blueprint
        self.sessions = sessions
        self.changes = changes
        self.cancellation = cancellation
        generations = Slots(count: sessions.count)
        position = Dictionary(uniqueKeysWithValues: blueprint.namespaces.enumerated().map { ($1.name, $0) })
        for namespace in blueprint.namespaces {
            for link in namespace.content.links {
                if case .veth = link.kind { veths[VethPeer(namespace: namespace.name, name: link.name)] = link }
            }
        }
    }

    /// Installs all objects but the tables in namespaces that hold `lo` alone and have their own settings already.
    ///
    /// - Throws: `EngineError.refused` that names the object.
    func fill() throws(EngineError) {
        try apply(\.create)
        try write(\.linkSysctls)
    }

    /// Makes all changes, tables among them. Namespaces that are new have their own settings already.
    ///
    /// - Parameter beforeRules: called when all links, addresses and routes are there, before rules send packets over them.
    /// - Throws: `EngineError` that names the object.
    func change(beforeRules: () throws(EngineError) -> Void) throws(EngineError) {
        for index in changes.indices {
            for case .remove(let object) in changes[index].predelete {
                if let link = object.value as? Link { forgetAfterwards(link.name, in: index) }
            }
        }
        try apply(\.predelete)
        for (session, name) in forgotten.list { session.updateInterfaces { $0.remove(name) } }
        try write(\.sysctls)
        try apply(\.create)
        try write(\.linkSysctls)
        try beforeRules()
        try changeTables()
        if blueprint.hasServiceProxy {
            let changed = sessions.indices.filter {
                !changes[$0].tables.isEmpty && blueprint.namespaces[$0].kind == .node
            }
            try StaleConnections(blueprint.services).forget(on: changed.map { (sessions[$0].name, sessions[$0].pin) })
        }
        try apply(\.delete)
    }

    /// The links that a deletion takes along keep no number.
    private let forgotten = Forgotten()

    private final class Forgotten {
        var list: [(Session, InterfaceName)] = []
    }

    private func forgetAfterwards(_ name: InterfaceName, in index: Int) {
        forgotten.list.append((sessions[index], name))
        let content = blueprint.namespaces[index].content
        for link in content.links where link.lower == name { forgetAfterwards(link.name, in: index) }
        guard let link = content.links.first(where: { $0.name == name }), case .veth(let peer?) = link.kind,
            let other = position[peer.namespace], other > index
        else { return }
        forgetAfterwards(peer.name, in: other)
    }

    private func apply(_ stage: KeyPath<ChangeSet, [Operation]>) throws(EngineError) {
        var batch = RouteBatch(capacity: 64 << 10)
        for index in sessions.indices {
            let operations = changes[index][keyPath: stage]
            try cancellation.check(blueprint.lab)
            if !operations.isEmpty { try apply(operations, in: index, with: &batch) }
        }
    }

    private func apply(_ operations: [Operation], in index: Int, with batch: inout RouteBatch) throws(EngineError) {
        let session = sessions[index]
        /// The other ends' namespaces are held until the kernel has put the ends there.
        var peers = HeldNamespaces()
        // Where an operation takes two requests, the second belongs to it as well.
        var firstRequest: [Int] = []
        firstRequest.reserveCapacity(operations.count)
        do {
            for operation in operations {
                firstRequest.append(batch.count)
                try encode(operation, index, &peers, &batch)
            }
            try session.withSocket { socket throws(NetlinkError) in try socket.execute(&batch) }
        } catch let error as NetlinkError {
            guard case .refused(let failures) = error else { throw EngineError(error, object: session.name) }
            for failure in failures {
                let operation = operations[
                    (firstRequest.firstIndex { $0 > failure.requestIndex } ?? operations.count) - 1]
                // Removed along with something else, or gone by itself. The kernel has many words for that, and some of them mean
                // other things too.
                if case .remove(let object) = operation, try session.lacks(object) { continue }
                if toleratesRefusals, case .change(let object, _) = operation, object.value is LinkAttribute {
                    refusals.add(object.link, in: session.name)
                    continue
                }
                throw EngineError(failure, object: "\(session.name): \(operation)", operation: operation)
            }
        } catch let error as SystemCallError {
            throw EngineError(error, object: session.name)
        } catch let error as EngineError {
            throw error
        } catch {
            throw .unexpected(object: session.name, error)
        }
    }

    private func encode(
        _ operation: Operation, _ index: Int, _ peers: inout HeldNamespaces, _ batch: inout RouteBatch
    ) throws {
        let session = sessions[index]
        switch operation {
        case .make(let object):
            if let link = object.value as? Link {
                try make(link, index, &peers, &batch)
            } else {
                try batch.append(session.isNew ? .add : .replace, object, in: session.interfaces)
            }
        case .change(let object, let found):
            if let link = object.value as? Link, let found = found.value as? Link {
                if link.master == nil, found.master != nil { try batch.release(link.name, in: session.interfaces) }
                try batch.configure(link.changes(from: found), in: session.interfaces)
            } else if let setting = object.value as? any MadeInside {
                try make(setting, session)
            } else {
                try batch.append(.replace, object, in: session.interfaces)
            }
        case .remove(let object): try remove(object, session, &batch)
        case .setIPv4(let device, let values):
            try batch.set(values.lazy.map { ($0.setting, $0.value) }, on: device, in: session.interfaces)
        case .setNeighbourParameter(let device, let parameter, let milliseconds, let family):
            try batch.set(parameter, milliseconds: milliseconds, family, on: device, in: session.interfaces)
        }
    }

    private func make(_ object: any MadeInside, _ session: Session) throws {
        let (tolerates, refusals) = (toleratesRefusals, refusals)
        try NamespaceThread.run { thread in
            do {
                let whole = try thread.enterNew { try object.prepared(in: $0) }
                try thread.enter(session.pin, of: session.name) { try whole.make(in: $0) }
            } catch let error as NetlinkError {
                guard tolerates, case .refused = error else {
                    throw EngineError(error, object: "\(session.name): \(object)")
                }
                refusals.add(object.link, in: session.name)
            }
        }
    }

    private func remove(_ object: KernelObject, _ session: Session, _ batch: inout RouteBatch) throws {
        // What is on a link that has gone is gone.
        if let device = object.link ?? (object.value as? Link)?.name, session.interfaces[device] == nil { return }
        guard let opaque = object.value as? OpaqueObject else {
            return try batch.append(.delete, object, in: session.interfaces)
        }
        let title = "\(session.name): \(object.kindName) \(object)"
        guard let removal = opaque.removal else {
            throw EngineError.refused(
                object: title, reason: "the kernel has no way to remove it",
                advice: "it goes with the process that made it")
        }
        if removal.isOfRouteSocket { return batch.append(removal) }
        try NamespaceThread.run { thread in
            try thread.enter(session.pin, of: session.name) { inside in
                do throws(NetlinkError) {
                    try removal.execute(in: inside)
                } catch {
                    throw EngineError(error, object: title)
                }
            }
        }
    }

    /// A cable is made by the namespace that comes first; its other end is there when the other's own turn comes.
    private func make(
        _ link: Link, _ index: Int, _ peers: inout HeldNamespaces, _ batch: inout RouteBatch
    ) throws {
        let session = sessions[index]
        switch link.kind {
        case .loopback: try batch.configure(link, in: session.interfaces)
        case .veth(let peer?) where position[peer.namespace, default: 0] > index:
            let other = sessions[position[peer.namespace]!]
            var end = veths[peer]!
            let number = session.updateInterfaces { $0.assign(link.name) }
            let peerNumber = other.updateInterfaces { $0.assign(end.name) }
            // The other end comes up in its own turn, after its settings.
            end.isUp = false
            try batch.createVeth(
                link, index: number, peer: end, peerIndex: peerNumber, peerNamespace: peers.descriptor(of: other.pin),
                in: session.interfaces)
        case .veth: try batch.configure(link, in: session.interfaces)
        case .ipip where try isKernelMade(link.name, session): try batch.configure(link, in: session.interfaces)
        default:
            let number = session.updateInterfaces { $0.assign(link.name) }
            try batch.create(link, index: number, in: session.interfaces)
        }
    }

    /// Whether the namespace has a tunnel of this name by the kernel's doing, which takes the place of the one to be made.
    private func isKernelMade(_ name: InterfaceName, _ session: Session) throws -> Bool {
        if session.interfaces[name] != nil { return true }
        // What is in a namespace that was there is known.
        guard session.isNew, let found = try session.withSocket({ try $0.link(named: name) }) else { return false }
        session.updateInterfaces { $0.insert(name, found.index) }
        return true
    }

    /// Writes settings that only `/proc` takes.
    private func write(_ stage: KeyPath<ChangeSet, [Sysctl]>) throws(EngineError) {
        let work = sessions.indices.filter { !changes[$0][keyPath: stage].isEmpty }
            .map { (sessions[$0], changes[$0][keyPath: stage]) }
        if work.isEmpty { return }
        try reportingRefusals(of: "lab \(blueprint.lab)") {
            try NamespaceThread.forEach(work.count) { [toleratesRefusals, refusals] thread, index in
                let (session, settings) = work[index]
                try thread.enter(session.pin, of: session.name) { inside in
                    for setting in settings {
                        do throws(SystemCallError) {
                            try inside.setSysctl(setting.path, to: setting.value)
                        } catch {
                            if !toleratesRefusals || error.isShortage { throw error }
                            refusals.add(setting.link, in: session.name)
                        }
                    }
                }
            }
        }
    }

    private func changeTables() throws(EngineError) {
        let work = sessions.indices.filter { !changes[$0].tables.isEmpty }
        if work.isEmpty { return }
        try reportingRefusals(of: "lab \(blueprint.lab)") {
            try NamespaceThread.forEach(work.count) { [sessions, changes, generations] thread, place in
                let index = work[place]
                let (session, change) = (sessions[index], changes[index])
                generations[index] = try thread.enter(session.pin, of: session.name) { inside in
                    try changeRules(
                        change.tables.map { $0.least ?? $0.whole }, on: change.generation,
                        orElse: change.tables.map(\.whole), in: inside, of: session.name)
                }
            }
        }
    }
}

/// What the kernel refused to change in place, so that what has it is to be made anew.
final class Refusals: Sendable {
    private let found = Mutex<[(namespace: String, link: InterfaceName?)]>([])

    fileprivate func add(_ link: InterfaceName?, in namespace: String) {
        found.withLock { $0.append((namespace, link)) }
    }

    /// Links, by namespace.
    var links: [String: Set<InterfaceName>] {
        found.withLock { $0.reduce(into: [:]) { if let link = $1.link { $0[$1.namespace, default: []].insert(link) } } }
    }

    /// Namespaces, by name: of `lo` it is the namespace that is made anew.
    var namespaces: Set<String> {
        Set(found.withLock { $0 }.filter { $0.link == nil || $0.link == "lo" }.map(\.namespace))
    }
}

extension RouteBatch {
    /// Adds the requests for a change of an object that one kind of request makes and another removes.
    mutating func append(_ change: ObjectChange, _ object: KernelObject, in table: InterfaceTable) throws {
        guard let value = object.value as? any RouteObject else {
            preconditionFailure("\(object.kindName) \(object) is no object of rtnetlink")
        }
        try value.append(change, to: &self, in: table)
    }
}

extension Session {
    /// Whether the namespace does not have an object.
    fileprivate func lacks(_ object: KernelObject) throws(EngineError) -> Bool {
        let table = interfaces
        do throws(NetlinkError) {
            return try withSocket { socket throws(NetlinkError) in
                func isListed<Object: RouteObject>(_ object: Object) throws(NetlinkError) -> Bool {
                    try Object.all(&socket, in: table).contains(object)
                }
                if let opaque = object.value as? OpaqueObject {
                    return try !socket.opaqueObjects(in: table).objects.contains(opaque)
                }
                guard let value = object.value as? any RouteObject else { return true }
                return try !isListed(value)
            }
        } catch {
            throw EngineError(error, object: name)
        }
    }
}

extension RequestFailure {
    /// Whether the kernel says that what was to be removed is not there.
    var isAboutNothing: Bool { [ENODEV, ESRCH, ENOENT, EADDRNOTAVAIL, ENXIO].contains(errno) }
}

extension Link {
    /// The link with those attributes alone that a link seen in the kernel does not have already.
    fileprivate func changes(from found: Link) -> Link {
        var link = self
        if mac == found.mac { link.mac = nil }
        if mtu == found.mtu { link.mtu = nil }
        if master == found.master { link.master = nil }
        if alias == found.alias { link.alias = nil }
        // A token of zeros is none.
        if token == found.token { link.token = nil } else if token == nil { link.token = IPv6Address(0) }
        if case (.bridge(let wanted), .bridge(let seen)) = (kind, found.kind), wanted == seen {
            link.kind = .bridge(Bridge())
        }
        return link
    }
}

/// Namespaces held by descriptors while a batch that names the descriptors is encoded and executed.
private struct HeldNamespaces: ~Copyable {
    private var descriptors: [CInt] = []

    /// A descriptor of a pinned namespace, open as long as this value lives.
    mutating func descriptor(of pin: String) throws(SystemCallError) -> CInt {
        descriptors.append(try FileDescriptor(opening: NamedNamespaces.path(pin), O_RDONLY).release())
        return descriptors[descriptors.count - 1]
    }

    deinit { for descriptor in descriptors { _ = FileDescriptor(owning: descriptor) } }
}
