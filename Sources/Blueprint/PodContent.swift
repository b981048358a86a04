import Addresses
import Calico
import NetworkObjects
import Topology

extension NamespaceContent {
    /// What a pod's namespace holds, as Calico's CNI plugin leaves it
    /// (cni-plugin/pkg/dataplane/linux/dataplane_linux.go).
    ///
    /// There is no static neighbour: the host end answers for the IPv4 next hop by proxy ARP, and the IPv6 next hop is
    /// its own link-local address.
    init(_ pod: Placement.Pod, on node: String, mtu: UInt32) {
        let eth0 = WorkloadInterface.podInterface
        links = [
            Link("lo", .loopback),
            Link(
                eth0, .veth(peer: VethPeer(namespace: node, name: pod.hostInterface)), mac: pod.hardwareAddress,
                mtu: mtu),
        ]
        for address in pod.addresses {
            addresses.append(
                DeviceAddress(eth0, InterfaceAddress(address, prefixLength: address.family.bits)))
            switch address.family {
            case .ipv4:
                let gateway = WorkloadInterface.gatewayV4
                routes.append(Route(gateway.hostPrefix, device: eth0, scope: .link))
                routes.append(Route(.all(.ipv4), via: gateway, device: eth0))
            case .ipv6:
                routes.append(
                    Route(
                        .all(.ipv6), via: WorkloadInterface.gatewayV6, device: eth0,
                        metric: Route.metric(nil, .ipv6)))
            }
        }
        sysctls = KernelSettings.host
    }
}
