import Addresses

/// Rules of cables, and the broadcast domains that they make.
extension TopologyCheck {
    mutating func cables() {
        var used: [Endpoint: Int] = [:]
        var interfaces: Set<Endpoint> = []
        for router in topology.routers {
            for port in router.ports { interfaces.insert(Endpoint(router.name, port.name)) }
        }
        let machines = topology.machines
        for machine in machines {
            for interface in machine.interfaces where interface.kind == .cable {
                interfaces.insert(Endpoint(machine.name, interface.name))
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
        for machine in machines { cabled(machine, used) }
    }

    private mutating func cabled(_ machine: Machine, _ used: [Endpoint: Int]) {
        for interface in machine.interfaces
        where interface.kind == .cable && used[Endpoint(machine.name, interface.name)] == nil {
            report(
                machine.path["interfaces"][interface.name],
                "\(machine.name)'s \(interface.name) has no cable; say where it goes, such as connect: ceos01:eth1")
        }
    }

    private mutating func exists(_ end: Endpoint, _ interfaces: Set<Endpoint>, _ path: FieldPath) {
        guard let device = devices[end.device] else {
            return report(
                path,
                "there is no router, network, node or host \(end.device)\(hint(end.device, among: devices.keys.sorted()))"
            )
        }
        let names: [String]
        switch device {
        case .network:
            if InterfaceName(end.interface) == nil {
                report(path, "\"\(end.interface)\" is not a name for a port of network \(end.device)")
            }
            return
        case .router(let index): names = topology.routers[index].ports.lazy.prefix(100).map(\.name)
        case .machine(let number): names = topology.machine(number).interfaces.lazy.prefix(100).map(\.name)
        }
        if interfaces.contains(end) { return }
        let kind = device.kind
        let what = kind == "router" ? "port" : "interface"
        report(
            path,
            end.interface.isEmpty
                ? "say which \(what) of \(kind) \(end.device), such as \(end.device):\(names.first ?? "eth1")"
                : "\(kind) \(end.device) has no \(what) \(end.interface)\(hint(end.interface, among: names))")
    }

    /// Works out which interfaces are in one broadcast domain, and finds loops of switches on the way.
    mutating func broadcastDomains() {
        var domains = BroadcastDomains(topology)
        for (index, cable) in topology.cables.enumerated() {
            guard cable.ends.count == 2, cable.ends[0].device != cable.ends[1].device else { continue }
            let near = domains.attachments(of: cable.ends[0], devices)
            let far = domains.attachments(of: cable.ends[1], devices)
            if near.isEmpty || far.isEmpty { continue }
            let byTag = Dictionary(far.map { ($0.tag, $0) }, uniquingKeysWith: { first, _ in first })
            var loops: [UInt16?] = []
            for attachment in near {
                guard let other = byTag[attachment.tag] else { continue }
                let joined = domains.join(attachment.domain, other.domain)
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
        domainOfInterface = interfaces.map { domains.domain(of: $0.place) }
    }
}

/// The broadcast domains of a topology: sets of places that a broadcast reaches, found by joining what cables join.
private struct BroadcastDomains {
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
        var domain: Int
        var isSwitched: Bool
    }

    init(_ topology: Topology) {
        self.topology = topology
        var portIndex: [Endpoint: Int] = [:]
        for router in topology.routers {
            for (index, port) in router.ports.enumerated() { portIndex[Endpoint(router.name, port.name)] = index }
        }
        for machine in topology.machines {
            for (index, interface) in machine.interfaces.enumerated() {
                portIndex[Endpoint(machine.name, interface.name)] = index
            }
        }
        self.portIndex = portIndex
    }

    mutating func attachments(of end: Endpoint, _ devices: [String: Device]) -> [Attachment] {
        switch devices[end.device] {
        case nil: return []
        case .network(let index)?:
            return [Attachment(tag: nil, domain: domain(of: .network(index)), isSwitched: true)]
        case .machine(let number)?:
            guard let index = portIndex[end] else { return [] }
            return [Attachment(tag: nil, domain: domain(of: .interface(number, interface: index)), isSwitched: false)]
        case .router(let index)?:
            let router = topology.routers[index]
            guard let port = portIndex[end], !router.ports[port].isShutdown else { return [] }
            switch router.ports[port].mode {
            case .access(let vlan):
                return [Attachment(tag: nil, domain: domain(router: index, vlan: vlan), isSwitched: true)]
            case .trunk(let allowed, let native):
                var ids = ids(of: router, in: allowed)
                if let native, !ids.contains(native) { ids.append(native) }
                return ids.map {
                    Attachment(
                        tag: $0 == native ? nil : $0, domain: domain(router: index, vlan: $0), isSwitched: true)
                }
            case .routed(_, let subinterfaces):
                let own = Attachment(
                    tag: nil, domain: domain(of: .port(router: index, port: port)), isSwitched: false)
                return [own]
                    + subinterfaces.enumerated().map { number, subinterface in
                        Attachment(
                            tag: subinterface.vlan,
                            domain: domain(of: .subinterface(router: index, port: port, subinterface: number)),
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

    /// The broadcast domain of an interface: an SVI's is its VLAN's.
    mutating func domain(of place: AddressedInterface.Place) -> Int {
        if case .svi(let router, let vlan) = place {
            return root(domain(router: router, vlan: topology.routers[router].vlans[vlan].id))
        }
        if let known = byPlace[place] { return root(known) }
        byPlace[place] = parents.count
        parents.append(parents.count)
        return parents.count - 1
    }

    private mutating func domain(router: Int, vlan: UInt16) -> Int {
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
