import Topology

/// The networks that kind and containerlab bring.
extension TopologyBuilder {
    /// Adds them, and the load balancer that kind makes, with the cables of all that are on them.
    mutating func addToolNetworks() {
        let networks = documents.networks
        addBalancer(networks)
        let devices = Dictionary(
            networks.members.keys.compactMap { written in deviceName(written).map { ($0, written) } },
            uniquingKeysWith: { first, _ in first }
        ).merging(nodeNames.map { ($0, $0) }) { $1 }
        let origin =
            documents.containerlab?.nodes.first?.place ?? documents.kind?.place ?? SourceLine(file: "", line: 1)
        change { topology, places, _ in
            let all =
                topology.routers.map(\.name) + topology.nodes.map(\.name) + topology.hosts.map(\.name)
            for (index, segment) in networks.segments.enumerated() {
                let taken = Dictionary(
                    (all + topology.networks.map(\.name)).map { ($0, true) }, uniquingKeysWith: { first, _ in first })
                var name = DeviceName.label(segment.name)
                if taken[name] != nil { name = DeviceName.unused("\(name)-network", taken) }
                var network = Network(name: name, addresses: segment.gateways)
                network.isManagement = segment.isManagement
                topology.networks.append(network)
                places.devices[name] = origin
                var number = 0
                for device in all {
                    guard networks.members[devices[device] ?? device]?.segment == index else { continue }
                    number += 1
                    let ends = [Endpoint(name, "port\(number)"), Endpoint(device, ToolNetworks.interface)]
                    let isRouter = topology.routers.contains { $0.name == device }
                    topology.cables.append(
                        Cable(isRouter ? ends[1] : ends[0], isRouter ? ends[0] : ends[1], mtu: segment.mtu))
                    places.cables.append(places.devices[device] ?? origin)
                }
            }
        }
    }

    /// A machine in front of several control planes. One that a topology names is there already.
    private mutating func addBalancer(_ networks: ToolNetworks) {
        guard let name = networks.balancer, deviceName(name) == nil, let place = documents.kind?.place,
            let attachment = networks.attachment(of: name)
        else { return }
        change { topology, places, _ in
            topology.hosts.append(
                Host(name: name, interfaces: [attachment.interface], routes: attachment.routes))
            places.devices[name] = place
        }
    }
}
