import Addresses
import Blueprint
import Glibc
import KernelCapabilities
import NetworkNamespaces
import NetworkObjects
import Rtnetlink
import Topology

extension RunningLab {
    /// The link that a user means by `NAME:INTERFACE`, NAME in any form that `namespace(named:)` takes.
    ///
    /// - Throws: `noSuchLink` for what is written otherwise.
    public func link(named text: String) throws(EngineError) -> LinkEnd {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let interface = InterfaceName(parts[1]) else {
            throw .noSuchLink(text, candidates: [])
        }
        let entry = try journal.namespace(named: String(parts[0]))
        return LinkEnd(entry: entry, interface: interface, other: peer(of: interface, in: entry.name))
    }

    private func peer(of interface: InterfaceName, in namespace: String) -> VethPeer? {
        let links = blueprint.namespaces.first { $0.name == namespace }?.content.links ?? []
        guard case .veth(let peer?) = links.first(where: { $0.name == interface })?.kind else { return nil }
        return peer
    }

    // MARK: Conditions

    /// Has the frames of a link suffer these conditions and no others, in one direction or both.
    ///
    /// - Parameter conditions: `none` for a link as it was without any.
    /// - Returns: what the kernel then has, for each direction that was asked for.
    public func impair(
        _ end: LinkEnd, _ conditions: LinkConditions, _ direction: LinkDirection, waiting: () -> Void
    ) throws(EngineError) -> [ObservedConditions] {
        let ends = try ends(of: end, direction)
        try change(waiting) {
            if conditions != .none {
                let features = try Self.qdiscFeatures()
                // The size of the frames makes no difference to whether it can be done.
                guard Qdisc(end.interface, conditions, mtu: 1500, features: features) != nil else {
                    throw EngineError.lacking("\(end.endpoint): \(conditions): \(KernelFeature.netem.lack)")
                }
            }
            for end in ends { try NamespaceThread.run { try Self.set(conditions, on: end, &$0) } }
        }
        return try self.conditions(of: end, direction)
    }

    /// What the kernel has for each of these directions of a link: nothing for one that has no conditions.
    public func conditions(
        of end: LinkEnd, _ direction: LinkDirection
    ) throws(EngineError) -> [ObservedConditions] {
        let ends = try ends(of: end, direction)
        return try reportingRefusals(of: "\(end.endpoint)") {
            try NamespaceThread.run { thread in
                try ends.flatMap { end in
                    try observedConditions(in: end.entry, &thread).filter { $0.from == end.endpoint }
                }
            }
        }
    }

    /// What the kernel has for all links of the lab.
    public func conditions() throws(EngineError) -> [ObservedConditions] {
        try reportingRefusals(of: "lab \(journal.lab)") {
            try NamespaceThread.run { thread in
                try journal.namespaces.filter { NamedNamespaces.identity($0.pin) != nil }
                    .flatMap { try observedConditions(in: $0, &thread) }
            }
        }
    }

    /// The ends that frames leave by in these directions.
    private func ends(of end: LinkEnd, _ direction: LinkDirection) throws(EngineError) -> [LinkEnd] {
        if direction == .out { return [end] }
        guard let peer = end.other else { throw .noOtherEnd(end.endpoint.description) }
        let other = LinkEnd(
            entry: try journal.namespace(named: peer.namespace), interface: peer.name,
            other: VethPeer(namespace: end.entry.name, name: end.interface))
        return direction == .in ? [other] : [end, other]
    }

    private func observedConditions(
        in entry: Journal.Entry, _ thread: inout NamespaceThread
    ) throws -> [ObservedConditions] {
        let session = try thread.open(entry.pin, of: entry.name) { session, _ in session }
        let qdiscs = try session.withSocket { try $0.qdiscs(in: InterfaceTable($0.links())) }
        return qdiscs.filter { $0.parent == .root }.map { qdisc in
            let peer = peer(of: qdisc.device, in: entry.name)
            return ObservedConditions(
                from: Endpoint(entry.name, qdisc.device.description),
                to: peer.map { Endpoint($0.namespace, $0.name.description) }, qdisc: qdisc.kind)
        }
    }

    private static func qdiscFeatures() throws -> KernelFeatures {
        try NamespaceThread.run { thread in
            var socket = try thread.enterNew { inside in try RouteSocket(in: inside) }
            return try .qdiscs(&socket)
        }
    }

    private static func set(
        _ conditions: LinkConditions, on end: LinkEnd, _ thread: inout NamespaceThread
    ) throws {
        let session = try thread.open(end.entry.pin, of: end.entry.name) { session, _ in session }
        let links = try session.withSocket { try $0.links() }
        let link = try end.find(in: links)
        let table = InterfaceTable(links)
        let (qdiscs, features) = try session.withSocket { (try $0.qdiscs(in: table), try KernelFeatures.qdiscs(&$0)) }
        let old = qdiscs.first { $0.device == end.interface && $0.parent == .root }
        var batch = RouteBatch(capacity: 512)
        if let new = Qdisc(end.interface, conditions, mtu: link.link.mtu ?? 1500, features: features) {
            try batch.replace(new, in: table)
        } else if let old {
            try batch.delete(old, in: table)
        }
        try session.execute(&batch, object: "\(end.endpoint): \(conditions)")
    }

    // MARK: Up and down

    /// Sets a link up or down, as `ip link set` does. With a link that goes down the kernel drops its IPv6 addresses, and
    /// the routes and neighbours by it; when it comes up the lab's own ones are put back, as a routing daemon would.
    public func setLink(_ end: LinkEnd, isUp: Bool, waiting: () -> Void) throws(EngineError) {
        try change(waiting) {
            try NamespaceThread.run { thread in
                let session = try thread.open(end.entry.pin, of: end.entry.name) { session, _ in session }
                let links = try session.withSocket { try $0.links() }
                _ = try end.find(in: links)
                session.interfaces = InterfaceTable(links)
                var batch = RouteBatch(capacity: 4096)
                try batch.set(end.interface, isUp: isUp, in: session.interfaces)
                try session.execute(&batch, object: "\(end.endpoint)")
                if isUp { try restore(session, &batch) }
            }
        }
    }

    /// Puts back what a namespace should hold of addresses, routes and entries and does not.
    private func restore(_ session: Session, _ batch: inout RouteBatch) throws {
        guard let content = blueprint.namespaces.first(where: { $0.name == session.name })?.content else { return }
        let links = try session.withSocket { try $0.links() }
        let table = InterfaceTable(links)
        let down = Set(links.filter { !$0.link.isUp }.map(\.link.name))
        // A link that someone else removed is not what this is about; nothing can be put on it.
        func isUsable(_ device: InterfaceName?) -> Bool {
            device.map { table[$0] != nil && !down.contains($0) } ?? true
        }
        var objects: [KernelObject] = []
        for object in content.objects where Self.goesWithLink(object) && isUsable(object.link) {
            try batch.append(.add, object, in: table)
            objects.append(object)
        }
        do throws(NetlinkError) {
            try session.withSocket { socket throws(NetlinkError) in try socket.execute(&batch) }
        } catch {
            guard case .refused(let failures) = error else { throw EngineError(error, object: session.name) }
            // What is there stays as it is; a route whose way is another link that is down has to wait for that.
            let waiting: Set<Int32> =
                down.subtracting(["lo"]).isEmpty ? [] : [ENETDOWN, ENETUNREACH, EHOSTUNREACH, EINVAL]
            if let failure = failures.first(where: { $0.errno != EEXIST && !waiting.contains($0.errno) }) {
                let object = objects[failure.requestIndex]
                throw EngineError.refused(
                    object: "\(session.name): \(object.kindName) \(object)", reason: "\(failure)", advice: nil)
            }
        }
    }

    /// Whether the kernel takes an object along with a link that goes down.
    private static func goesWithLink(_ object: KernelObject) -> Bool {
        object.value is DeviceAddress || object.value is Route || object.value is Neighbour
            || object.value is ForwardingEntry
    }

    /// Runs `body` while no other command changes the lab.
    private func change(_ waiting: () -> Void, _ body: () throws -> Void) throws(EngineError) {
        let state = StateDirectory(lab: journal.lab)
        try reportingRefusals(of: "lab \(journal.lab)") {
            guard try LabLock.holding(lab: state, creating: false, waiting: waiting, body) != nil else {
                throw EngineError.noSuchLab(journal.lab)
            }
        }
    }
}

extension LinkEnd {
    /// The link among those that the kernel has.
    fileprivate func find(in links: [ObservedLink]) throws(EngineError) -> ObservedLink {
        if let link = links.first(where: { $0.link.name == interface }) { return link }
        throw .noSuchLink(endpoint.description, candidates: links.map { "\(entry.name):\($0.link.name)" })
    }
}

extension Session {
    /// Executes a batch about one object.
    fileprivate func execute(_ batch: inout RouteBatch, object: String) throws(EngineError) {
        if batch.isEmpty { return }
        do throws(NetlinkError) {
            try withSocket { socket throws(NetlinkError) in try socket.execute(&batch) }
        } catch {
            if case .refused(let failures) = error, let failure = failures.first {
                throw .refused(object: object, reason: "\(failure)", advice: nil)
            }
            throw EngineError(error, object: object)
        }
    }
}
