import Addresses
import Blueprint
import Glibc
import NetworkNamespaces
import NetworkObjects
import Nftables
import Rtnetlink
import System

/// Making a lab's namespaces into what its blueprint names, over the sockets opened inside them.
struct Programming {
    private let blueprint: Blueprint
    private let sessions: [Session]
    private let changes: [NamespaceChange]
    private let interruption: Interruption
    private let position: [String: Int]
    private var veths: [VethPeer: Link] = [:]

    /// - Parameters:
    ///   - sessions: one for each namespace of the blueprint, in its order.
    ///   - changes: likewise.
    ///   - interruption: asked for before each namespace.
    init(_ blueprint: Blueprint, sessions: [Session], changes: [NamespaceChange], _ interruption: Interruption) {
        self.blueprint = blueprint
        self.sessions = sessions
        self.changes = changes
        self.interruption = interruption
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
        try apply(\.make)
        try write(\.late)
    }

    /// Makes all changes, tables among them. Namespaces that are new have their own settings already.
    ///
    /// - Parameter beforeRules: called when all links, addresses and routes are there, before rules send packets over them.
    /// - Throws: `EngineError` that names the object.
    func change(beforeRules: () throws(EngineError) -> Void) throws(EngineError) {
        for index in changes.indices {
            for case .remove(.link(let link)) in changes[index].room {
                forgetAfterwards(link.name, in: index)
            }
        }
        try apply(\.room)
        for (session, name) in forgotten.list { session.interfaces.remove(name) }
        try write(\.early)
        try apply(\.make)
        try write(\.late)
        try beforeRules()
        try changeTables()
        try apply(\.clear)
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

    private func apply(_ stage: KeyPath<NamespaceChange, [Operation]>) throws(EngineError) {
        var batch = RouteBatch(capacity: 64 << 10)
        for index in sessions.indices {
            let operations = changes[index][keyPath: stage]
            try interruption.check(blueprint.lab)
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
            try session.socket.execute(&batch)
        } catch let error as NetlinkError {
            guard case .refused(let failures) = error else { throw EngineError(error, object: session.name) }
            for failure in failures {
                let operation = operations[
                    (firstRequest.firstIndex { $0 > failure.requestIndex } ?? operations.count) - 1]
                if case .remove = operation, failure.isAboutNothing { continue }
                throw EngineError(failure, object: "\(session.name): \(operation)", operation: operation)
            }
        } catch let error as SystemCallError {
            throw EngineError(error, object: session.name)
        } catch {
            throw .refused(object: session.name, reason: "\(error)", advice: nil)
        }
    }

    private func encode(
        _ operation: Operation, _ index: Int, _ peers: inout HeldNamespaces, _ batch: inout RouteBatch
    ) throws {
        let session = sessions[index]
        switch operation {
        case .make(.link(let link)): try make(link, index, &peers, &batch)
        case .make(let object): try batch.install(object, isNew: session.isNew, in: session.interfaces)
        case .change(.link(let link), from: .link(let found)):
            if link.master == nil, found.master != nil { try batch.release(link.name, in: session.interfaces) }
            try batch.configure(link.changes(from: found), in: session.interfaces)
        case .change(let object, _): try batch.install(object, isNew: false, in: session.interfaces)
        case .remove(let object):
            // What is on a link that has gone is gone.
            if let device = object.device, session.interfaces[device] == nil { return }
            if case .link(let link) = object, session.interfaces[link.name] == nil { return }
            try batch.remove(object, in: session.interfaces)
        case .setIPv4(let device, let values):
            try batch.set(values.lazy.map { ($0.setting, $0.value) }, on: device, in: session.interfaces)
        case .setNeighbourParameter(let device, let parameter, let milliseconds, let family):
            try batch.set(parameter, milliseconds: milliseconds, family, on: device, in: session.interfaces)
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
            let (number, peerNumber) = (session.interfaces.assign(link.name), other.interfaces.assign(end.name))
            // The other end comes up in its own turn, after its settings.
            end.isUp = false
            try batch.createVeth(
                link, index: number, peer: end, peerIndex: peerNumber, peerNamespace: peers.descriptor(of: other.pin),
                in: session.interfaces)
        case .veth: try batch.configure(link, in: session.interfaces)
        case .ipip where try isKernelMade(link.name, session): try batch.configure(link, in: session.interfaces)
        default:
            let number = session.interfaces.assign(link.name)
            try batch.create(link, index: number, in: session.interfaces)
        }
    }

    /// Whether the namespace has a tunnel of this name by the kernel's doing, which takes the place of the one to be made.
    private func isKernelMade(_ name: InterfaceName, _ session: Session) throws -> Bool {
        if session.interfaces[name] != nil { return true }
        // What is in a namespace that was there is known.
        guard session.isNew, let found = try session.socket.link(named: name) else { return false }
        session.interfaces.insert(name, found.index)
        return true
    }

    /// Writes settings that only `/proc` takes.
    private func write(_ stage: KeyPath<NamespaceChange, [Sysctl]>) throws(EngineError) {
        let work = sessions.indices.filter { !changes[$0][keyPath: stage].isEmpty }
            .map { (sessions[$0], changes[$0][keyPath: stage]) }
        if work.isEmpty { return }
        try reportingRefusals(of: "lab \(blueprint.lab)") {
            try Threads.forEach(work.count) { index in
                let (session, settings) = work[index]
                do throws(SystemCallError) {
                    try NetworkNamespace(at: Pins.path(session.pin)).enter()
                    for setting in settings { try KernelSetting.write(setting.path, setting.value) }
                } catch {
                    throw EngineError(error, object: session.name)
                }
            }
        }
    }

    private func changeTables() throws(EngineError) {
        let work = sessions.indices.filter { !changes[$0].tables.isEmpty }.map { (sessions[$0], changes[$0].tables) }
        if work.isEmpty { return }
        try reportingRefusals(of: "lab \(blueprint.lab)") {
            try Threads.run {
                for (session, tables) in work {
                    let whole = tables.map(\.replacement).joined()
                    let least = tables.map { $0.commands ?? $0.replacement }.joined()
                    try changeRules(least, orElse: whole, in: session.pin, of: session.name)
                }
            }
        }
    }
}

extension RouteBatch {
    /// Adds an object that is no link to a namespace; where that is not new, in the place of what may be there.
    fileprivate mutating func install(_ object: KernelObject, isNew: Bool, in table: InterfaceTable) throws {
        switch object {
        case .link, .setting, .table: preconditionFailure("\(object) is not installed by one request")
        case .bridgeVLAN(let vlan): try add(vlan, in: table)
        case .address(let address): try isNew ? add(address, in: table) : replace(address, in: table)
        case .route(let route): try isNew ? add(route, in: table) : replace(route, in: table)
        case .rule(let rule): add(rule)
        case .neighbour(let neighbour): try isNew ? add(neighbour, in: table) : replace(neighbour, in: table)
        case .forwarding(let entry): try isNew ? add(entry, in: table) : replace(entry, in: table)
        case .qdisc(let qdisc): try replace(qdisc, in: table)
        }
    }

    mutating func remove(_ object: KernelObject, in table: InterfaceTable) throws {
        switch object {
        case .setting, .table: preconditionFailure("\(object) is not removed by a request")
        case .link(let link): try delete(link, in: table)
        case .bridgeVLAN(let vlan): try delete(vlan, in: table)
        case .address(let address): try delete(address, in: table)
        case .route(let route): try delete(route, in: table)
        case .rule(let rule): delete(rule)
        case .neighbour(let neighbour): try delete(neighbour, in: table)
        case .forwarding(let entry): try delete(entry, in: table)
        case .qdisc(let qdisc): try delete(qdisc, in: table)
        }
    }
}

extension RequestFailure {
    /// Whether what was to be removed is not there.
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
        descriptors.append(try FileDescriptor(opening: Pins.path(pin), O_RDONLY).release())
        return descriptors[descriptors.count - 1]
    }

    deinit { for descriptor in descriptors { _ = FileDescriptor(owning: descriptor) } }
}
