import Addresses
import NetworkObjects
import Topology

extension NamespaceContent {
    /// The name of a shared segment's bridge, and of a router's VLAN-aware one.
    static let bridgeName: InterfaceName = "br0"

    /// What a shared segment holds: a bridge with every cable, and the gateway's addresses on it.
    init(_ network: Network, _ cabling: Cabling) {
        links = [Link("lo", .loopback), Link(Self.bridgeName, .bridge(Bridge()))]
        for (_, end) in cabling.ends(at: network.name) {
            links.append(end.link(mtu: nil, master: Self.bridgeName))
        }
        addresses = network.addresses.map { DeviceAddress(Self.bridgeName, $0) }
        sysctls = network.addresses.isEmpty ? KernelSettings.host : KernelSettings.forwarding
    }
}
