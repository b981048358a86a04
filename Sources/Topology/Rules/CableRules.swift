import Addresses

/// Rules of cables, and the broadcast domains that they make.
extension TopologyCheck {
    mutating func cables() {
        var used: [Endpoint: Int] = [:]
        var interfaces: Set<Endpoint> = []
        for router in topology.routers {
            for port in router.ports { interfaces.insert(Endpoint(router.name, port.name)) }
        }
        for node in topology.nodes {
            for interface in node.interfaces where interface.kind == .cable {
                interfaces.insert(Endpoint(node.name, interface.name))
            }
        }
        for host in topology.hosts {
            for interface in host.interfaces where interface.kind == .cable {
                interfaces.insert(Endpoint(host.name, interface.name))
            }
        }
        for (index, cable) in topology.cables.enumerated() {
            let path = Self.cables[index]
            guard cable.ends.count == 2 else {
                report(path, "a cable has two ends")
                continue
            }
            for end in cable.ends {
                exists(end, interfaces, path)
                if let other = used[end], other != index {
                    let far = topology.cables[other].end(oppositeTo: end)?.description ?? "another end"
                    report(path, "\(end) already has a cable, to \(far); an interface has one")
                } else {
                    used[end] = index
                }
            }
            for (end, conditions) in zip(cable.ends, cable.conditions) {
                for contradiction in conditions.contradictions {
                    report(path["conditions"][contradiction.field], "what leaves by \(end): \(contradiction.sentence)")
                }
            }
            if cable.ends[0].device == cable.ends[1].device {
                report(path, "both ends of this cable are at \(cable.ends[0].device); a cable joins two devices")
            }
        }
        for node in topology.nodes { cabled(node.interfaces, of: node.name, used, Self.nodes[node.name]) }
        for host in topology.hosts { cabled(host.interfaces, of: host.name, used, Self.hosts[host.name]) }
    }

    private mutating func cabled(
        _ interfaces: [Node.Interface], of device: String, _ used: [Endpoint: Int], _ path: FieldPath
    ) {
        for interface in interfaces where interface.kind == .cable && used[Endpoint(device, interface.name)] == nil {
            report(
                path["interfaces"][interface.name],
                "\(device)'s \(interface.name) has no cable; say where it goes, such as connect: ceos01:eth1")
        }
    }

    private mutating func exists(_ end: Endpoint, _ interfaces: Set<Endpoint>, _ path: FieldPath) {
        let names: [String]
        switch devices[end.device] {
        case nil:
            report(
                path,
                "there is no router, network, node or host \(end.device)\(hint(end.device, among: devices.keys.sorted()))"
            )
            return
        case .network?:
            if InterfaceName(end.interface) == nil {
                report(path, "\"\(end.interface)\" is not a name for a port of network \(end.device)")
            }
            return
        case .router(let index)?: names = topology.routers[index].ports.lazy.prefix(100).map(\.name)
        case .node(let index)?: names = topology.nodes[index].interfaces.lazy.prefix(100).map(\.name)
        case .host(let index)?: names = topology.hosts[index].interfaces.lazy.prefix(100).map(\.name)
        }
        if interfaces.contains(end) { return }
        let (kind, what) =
            switch devices[end.device] {
            case .router?: ("router", "port")
            case .host?: ("host", "interface")
            default: ("node", "interface")
            }
        report(
            path,
            end.interface.isEmpty
                ? "say which \(what) of \(kind) \(end.device), such as \(end.device):\(names.first ?? "eth1")"
                : "\(kind) \(end.device) has no \(what) \(end.interface)\(hint(end.interface, among: names))")
    }

    /// Works out which interfaces are on one Ethernet segment, and finds loops of switches on the way.
    mutating func segments() {
        var segments = Segments(topology)
        for (index, cable) in topology.cables.enumerated() {
            guard cable.ends.count == 2, cable.ends[0].device != cable.ends[1].device else { continue }
            let near = segments.attachments(of: cable.ends[0], devices)
            let far = segments.attachments(of: cable.ends[1], devices)
            if near.isEmpty || far.isEmpty { continue }
            let byTag = Dictionary(far.map { ($0.tag, $0) }, uniquingKeysWith: { first, _ in first })
            var loops: [UInt16?] = []
            for attachment in near {
                guard let other = byTag[attachment.tag] else { continue }
                let joined = segments.join(attachment.segment, other.segment)
                if !joined, attachment.isSwitched, other.isSwitched { loops.append(attachment.tag) }
            }
            if !loops.isEmpty {
                self.loops.append(index)
                let vlans = loops.compactMap { $0 }.sorted().map(String.init)
                report(
                    Self.cables[index],
                    "this cable closes a loop" + (vlans.isEmpty ? "" : " in VLAN \(vlans.joined(separator: ", "))")
                        + "; no spanning tree runs here, and frames would circle for ever")
            }
        }
        segmentOfInterface = interfaces.map { segments.segment(of: $0.place) }
    }
}

/// The Ethernet segments of a topology: sets of places that a broadcast reaches, found by joining what cables join.
private struct Segments {
    private let topology: Topology
    private var parents: [Int] = []
    private var byPlace: [AddressedInterface.Place: Int] = [:]
    private var byVLAN: [VLANKey: Int] = [:]
    private let portIndex: [Endpoint: Int]

    private struct VLANKey: Hashable {
        var router: Int
        var vlan: UInt16
    }

    /// What one end of a cable leads to: a broadcast domain, for frames with this tag.
    struct Attachment {
        var tag: UInt16?
        var segment: Int
        var isSwitched: Bool
    }

    init(_ topology: Topology) {
        self.topology = topology
        var portIndex: [Endpoint: Int] = [:]
        for router in topology.routers {
            for (index, port) in router.ports.enumerated() { portIndex[Endpoint(router.name, port.name)] = index }
        }
        for node in topology.nodes {
            for (index, interface) in node.interfaces.enumerated() {
                portIndex[Endpoint(node.name, interface.name)] = index
            }
        }
        for host in topology.hosts {
            for (index, interface) in host.interfaces.enumerated() {
                portIndex[Endpoint(host.name, interface.name)] = index
            }
        }
        self.portIndex = portIndex
    }

    mutating func attachments(of end: Endpoint, _ devices: [String: Device]) -> [Attachment] {
        switch devices[end.device] {
        case nil: return []
        case .network(let index)?:
            return [Attachment(tag: nil, segment: segment(of: .network(index)), isSwitched: true)]
        case .node(let node)?:
            guard let index = portIndex[end] else { return [] }
            return [
                Attachment(tag: nil, segment: segment(of: .interface(node: node, interface: index)), isSwitched: false)
            ]
        case .host(let host)?:
            guard let index = portIndex[end] else { return [] }
            return [
                Attachment(
                    tag: nil, segment: segment(of: .hostInterface(host: host, interface: index)), isSwitched: false)
            ]
        case .router(let index)?:
            let router = topology.routers[index]
            guard let port = portIndex[end], !router.ports[port].isShutdown else { return [] }
            switch router.ports[port].mode {
            case .access(let vlan):
                return [Attachment(tag: nil, segment: segment(router: index, vlan: vlan), isSwitched: true)]
            case .trunk(let allowed, let native):
                var ids = ids(of: router, in: allowed)
                if let native, !ids.contains(native) { ids.append(native) }
                return ids.map {
                    Attachment(
                        tag: $0 == native ? nil : $0, segment: segment(router: index, vlan: $0), isSwitched: true)
                }
            case .routed(_, let subinterfaces):
                let own = Attachment(
                    tag: nil, segment: segment(of: .port(router: index, port: port)), isSwitched: false)
                return [own]
                    + subinterfaces.enumerated().map { number, subinterface in
                        Attachment(
                            tag: subinterface.vlan,
                            segment: segment(of: .subinterface(router: index, port: port, subinterface: number)),
                            isSwitched: false)
                    }
            }
        }
    }

    /// The VLANs of a router that are in one of the ranges; each is looked up once, however many ranges there are.
    private func ids(of router: Router, in ranges: [ClosedRange<UInt16>]) -> [UInt16] {
        if ranges == [1...4094] { return router.vlans.map(\.id) }
        var allowed: [ClosedRange<UInt16>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = allowed.last, range.lowerBound <= last.upperBound {
                allowed[allowed.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                allowed.append(range)
            }
        }
        return router.vlans.map(\.id).filter { id in
            var (low, high) = (0, allowed.count)
            while low < high {
                let middle = (low + high) / 2
                if allowed[middle].upperBound < id { low = middle + 1 } else { high = middle }
            }
            return low < allowed.count && allowed[low].contains(id)
        }
    }

    /// The segment of an interface: an SVI's is its VLAN's.
    mutating func segment(of place: AddressedInterface.Place) -> Int {
        if case .svi(let router, let vlan) = place {
            return root(segment(router: router, vlan: topology.routers[router].vlans[vlan].id))
        }
        if let known = byPlace[place] { return root(known) }
        byPlace[place] = parents.count
        parents.append(parents.count)
        return parents.count - 1
    }

    private mutating func segment(router: Int, vlan: UInt16) -> Int {
        let key = VLANKey(router: router, vlan: vlan)
        if let known = byVLAN[key] { return root(known) }
        byVLAN[key] = parents.count
        parents.append(parents.count)
        return parents.count - 1
    }

    /// Joins two segments; false if they were one already.
    mutating func join(_ a: Int, _ b: Int) -> Bool {
        let (a, b) = (root(a), root(b))
        if a == b { return false }
        parents[max(a, b)] = min(a, b)
        return true
    }

    private mutating func root(_ start: Int) -> Int {
        var index = start
        while parents[index] != index {
            parents[index] = parents[parents[index]]
            index = parents[index]
        }
        return index
    }
}
