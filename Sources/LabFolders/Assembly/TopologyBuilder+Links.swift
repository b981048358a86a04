import Addresses
import Topology

/// What containerlab's links come to.
extension TopologyBuilder {
    /// A link of the topology's devices, with their names and interfaces there.
    struct UsableLink {
        /// Two ends, or one whose other end is elsewhere.
        var ends: [End]
        var mtu: UInt32?
        var place: SourceLine

        struct End {
            /// The device.
            var node: String
            var interface: String
            var hardwareAddress: MACAddress?
            /// What the link gives the interface, where the kind of node has that.
            var addresses: [InterfaceAddress] = []
            /// The bridge inside of the device that it is a port of.
            var master: String?
        }
    }

    /// The kinds of nodes whose interfaces get the addresses that links name (`GetIPv4Addr` in containerlab's nodes).
    private static let addressedKinds: Set<String> = [
        "arista_ceos", "cisco_iol", "nokia_srlinux", "vyosnetworks_vyos",
    ]

    /// The links that can be there; tells each that cannot.
    mutating func usableLinks() -> [UsableLink] {
        let kinds = Dictionary(
            documents.containerlab?.nodes.map { ($0.name, $0.kind) } ?? [], uniquingKeysWith: { first, _ in first })
        var used: Set<String> = []
        var links: [UsableLink] = []
        for link in documents.containerlab?.links ?? [] {
            var ends: [UsableLink.End] = []
            for written in link.ends {
                guard let end = end(written, of: kinds[written.node] ?? "") else { break }
                ends.append(end)
            }
            guard ends.count == link.ends.count else { continue }
            let names = ends.map { "\($0.node):\($0.interface)" }
            if let taken = names.first(where: used.contains) ?? (Set(names).count < names.count ? names[0] : nil) {
                diagnostics.warn(at: link.place, "\(link.path): \(taken) has a link already; this one is left out")
                continue
            }
            used.formUnion(names)
            if let far = link.far { warn(of: far, link, ends[0]) }
            links.append(UsableLink(ends: ends, mtu: link.mtu, place: link.place))
        }
        return links
    }

    private mutating func end(_ written: ContainerlabTopology.End, of kind: String) -> UsableLink.End? {
        guard let device = deviceName(written.node) else {
            diagnostics.warn(
                at: written.place,
                "\(written.node) is a whole cluster; a link leads to one of its nodes, such as "
                    + "\(nodeNames.first ?? "\(written.node)-control-plane"):eth1; it is left out")
            return nil
        }
        var end = UsableLink.End(
            node: device, interface: written.interface, hardwareAddress: written.hardwareAddress,
            master: innerBridges[written.node]?.name)
        if kind == "arista_ceos" {
            end.interface = EOSInterfaceName(containerlabName: written.interface)?.containerlabName ?? end.interface
        } else if let name = ContainerlabInterfaceName.kernelName(written.interface, of: kind) {
            end.interface = name
        }
        guard DeviceName.isInterface(end.interface) else {
            let right = ContainerlabInterfaceName.example(of: kind).map { ", or \($0) of \(kind)" } ?? ""
            diagnostics.warn(
                at: written.place,
                "\"\(written.interface)\" is not a name for an interface: 1 to 15 letters, digits, . - and _\(right); the link is left out"
            )
            return nil
        }
        if Self.addressedKinds.contains(kind) {
            end.addresses = written.addresses.map(\.value)
        } else if let first = written.addresses.first {
            diagnostics.warn(
                at: first.place,
                "containerlab gives links' addresses to nodes of kinds \(Self.addressedKinds.sorted().joined(separator: ", ")) alone, "
                    + "and \(written.node) is of kind \(kind); \(first.value) is left out")
        }
        return end
    }

    private mutating func warn(
        of far: ContainerlabTopology.Link.FarEnd, _ link: ContainerlabTopology.Link, _ end: UsableLink.End
    ) {
        switch far {
        case .dummy: break
        case .managementNetwork:
            diagnostics.warn(
                at: link.place,
                "\(end.node):\(end.interface) is there, and its other end is not: it would be a port of the management network's bridge"
            )
        case .missing(let clause):
            diagnostics.warn(
                at: link.place, "\(end.node):\(end.interface) is there, and its other end is not: \(clause)")
        }
    }

    /// The interfaces that links give a machine, and the bridges inside of it.
    func interfaces(of device: String, _ links: [UsableLink]) -> [Node.Interface] {
        let bridges = innerBridges.values.filter { $0.device == device }.map(\.name).sorted()
        return bridges.map { Node.Interface(name: $0, kind: .bridge) }
            + links.flatMap { link in
                link.ends.filter { $0.node == device }.map { end in
                    Node.Interface(
                        name: end.interface, addresses: end.addresses, mtu: link.ends.count == 1 ? link.mtu : nil,
                        kind: link.ends.count == 1 ? .dummy : .cable, master: end.master,
                        hardwareAddress: end.hardwareAddress)
                }
            }
    }

    /// Gives the ports of a router that links give addresses those alone, as containerlab does once cEOS runs (`ceosPostDeploy`).
    func addLinkAddresses(to configuration: inout EOSConfiguration, of device: String, _ links: [UsableLink]) {
        for link in links {
            for end in link.ends where end.node == device && !end.addresses.isEmpty {
                guard let name = EOSInterfaceName(containerlabName: end.interface) else { continue }
                var interface =
                    configuration.interfaces.first { $0.name == name }
                    ?? EOSConfiguration.Interface(name: name, place: link.place)
                interface.isSwitchport = false
                interface.addresses = end.addresses
                configuration.interfaces.removeAll { $0.name == name }
                configuration.interfaces.append(interface)
            }
        }
    }

    mutating func addCables(_ links: [UsableLink]) {
        change { topology, places, _ in
            let machines = Set(topology.nodes.map(\.name) + topology.hosts.map(\.name))
            var order = Dictionary(
                (topology.routers.map(\.name) + topology.networks.map(\.name) + topology.nodes.map(\.name)
                    + topology.hosts.map(\.name)).enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first }
            )
            for link in links {
                var ends = link.ends.map { Endpoint($0.node, $0.interface) }
                if ends.count == 1 {
                    // A dummy interface does for a machine; a switch's port is up by its cable, so it leads to an empty segment.
                    if machines.contains(ends[0].device)
                        || !topology.routers.contains(where: { $0.name == ends[0].device })
                    {
                        continue
                    }
                    let name = DeviceName.unused("\(ends[0].device)-\(DeviceName.label(ends[0].interface))", order)
                    topology.networks.append(Network(name: name))
                    places.devices[name] = link.place
                    order[name] = topology.routers.count
                    ends.append(Endpoint(name, "port1"))
                }
                ends.sort { order[$0.device] ?? 0 < order[$1.device] ?? 0 }
                topology.cables.append(Cable(ends[0], ends[1], mtu: link.mtu))
                places.cables.append(link.place)
            }
        }
    }
}
