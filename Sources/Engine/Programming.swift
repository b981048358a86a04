import Addresses
import Blueprint
import Glibc
import NetworkNamespaces
import Rtnetlink

/// Filling a lab's fresh namespaces with everything that its blueprint names, over the sockets opened inside them.
struct Programming {
    private let blueprint: Blueprint
    private let sessions: [Session]
    private let settings: [SettingPlan]
    private let position: [String: Int]
    private var veths: [VethPeer: Link] = [:]

    /// - Parameters:
    ///   - sessions: one for each namespace of the blueprint, in its order.
    ///   - settings: likewise.
    init(_ blueprint: Blueprint, sessions: [Session], settings: [SettingPlan]) {
        self.blueprint = blueprint
        self.sessions = sessions
        self.settings = settings
        position = Dictionary(uniqueKeysWithValues: blueprint.namespaces.enumerated().map { ($1.name, $0) })
        for namespace in blueprint.namespaces {
            for link in namespace.content.links {
                if case .veth = link.kind { veths[VethPeer(namespace: namespace.name, name: link.name)] = link }
            }
        }
    }

    /// Installs everything.
    ///
    /// - Throws: `EngineError.refused` that names the object.
    func run() throws(EngineError) {
        var batch = RouteBatch(capacity: 64 << 10)
        for index in sessions.indices { try apply(operations(for: index), to: sessions[index], with: &batch) }
        try writeLateSettings()
    }

    /// The changes that fill a namespace which holds `lo` alone, in the one order that the kernel takes: links with their
    /// state, VLANs, links' settings, addresses, routes, neighbours, forwarding entries, queueing disciplines.
    ///
    /// A cable is made by the namespace that comes first; its other end is there when the other's own turn comes.
    private func operations(for index: Int) -> [Operation] {
        let content = blueprint.namespaces[index].content
        var operations: [Operation] = []
        operations.reserveCapacity(content.objectCount)
        for link in content.links {
            switch link.kind {
            case .loopback: operations.append(.configureLink(link))
            case .veth(let peer?) where position[peer.namespace, default: 0] > index:
                operations.append(.createVeth(link, peer: veths[peer]!, namespace: peer.namespace))
            case .veth: operations.append(.configureLink(link))
            default: operations.append(.createLink(link))
            }
        }
        for vlan in content.bridgeVLANs { operations.append(.addBridgeVLAN(vlan)) }
        operations += settings[index].requests
        for address in content.addresses { operations.append(.addAddress(address)) }
        for route in content.routes { operations.append(.addRoute(route)) }
        for neighbour in content.neighbours { operations.append(.addNeighbour(neighbour)) }
        for entry in content.forwarding { operations.append(.addForwardingEntry(entry)) }
        for qdisc in content.qdiscs { operations.append(.setQdisc(qdisc)) }
        return operations
    }

    private func apply(
        _ operations: [Operation], to session: Session, with batch: inout RouteBatch
    ) throws(EngineError) {
        /// The other ends' namespaces are held until the kernel has put the ends there.
        var peers = HeldNamespaces()
        // Where an operation takes two requests, the second belongs to it as well.
        var firstRequest: [Int] = []
        firstRequest.reserveCapacity(operations.count)
        do {
            for operation in operations {
                firstRequest.append(batch.count)
                try encode(operation, session, &peers, &batch)
            }
            try session.socket.execute(&batch)
        } catch let error as NetlinkError {
            guard case .refused(let failures) = error, let failure = failures.first else {
                throw EngineError(error, object: session.name)
            }
            let operation = operations[(firstRequest.firstIndex { $0 > failure.requestIndex } ?? operations.count) - 1]
            throw EngineError(failure, object: "\(session.name): \(operation)", operation: operation)
        } catch let error as SystemCallError {
            throw EngineError(error, object: session.name)
        } catch {
            throw .refused(object: session.name, reason: "\(error)", advice: nil)
        }
    }

    private func encode(
        _ operation: Operation, _ session: Session, _ peers: inout HeldNamespaces, _ batch: inout RouteBatch
    ) throws {
        switch operation {
        case .createLink(let link):
            let index = session.interfaces.assign(link.name)
            try batch.create(link, index: index, in: session.interfaces)
        case .createVeth(let link, let peer, let namespace):
            let other = sessions[position[namespace]!]
            let (index, peerIndex) = (session.interfaces.assign(link.name), other.interfaces.assign(peer.name))
            // The other end comes up in its own turn, after its settings.
            var end = peer
            end.isUp = false
            try batch.createVeth(
                link, index: index, peer: end, peerIndex: peerIndex, peerNamespace: peers.descriptor(of: other.pin),
                in: session.interfaces)
        case .configureLink(let link): try batch.configure(link, in: session.interfaces)
        case .addBridgeVLAN(let vlan): try batch.add(vlan, in: session.interfaces)
        case .setIPv4(let device, let values):
            try batch.set(values.lazy.map { ($0.setting, $0.value) }, on: device, in: session.interfaces)
        case .setNeighbourParameter(let device, let parameter, let milliseconds, let family):
            try batch.set(parameter, milliseconds: milliseconds, family, on: device, in: session.interfaces)
        case .addAddress(let address): try batch.add(address, in: session.interfaces)
        case .addRoute(let route): try batch.add(route, in: session.interfaces)
        case .addNeighbour(let neighbour): try batch.add(neighbour, in: session.interfaces)
        case .addForwardingEntry(let entry): try batch.add(entry, in: session.interfaces)
        case .setQdisc(let qdisc): try batch.replace(qdisc, in: session.interfaces)
        }
    }

    /// Writes the links' settings that only `/proc` takes.
    private func writeLateSettings() throws(EngineError) {
        let work = sessions.indices.filter { !settings[$0].late.isEmpty }.map { (sessions[$0], settings[$0].late) }
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
