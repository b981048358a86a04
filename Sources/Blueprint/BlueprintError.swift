import Addresses
import Calico
import Topology

/// All reasons at once why a topology has no blueprint.
public struct BlueprintError: Error, Hashable, Sendable {
    /// The reasons, at least one.
    public let problems: [Problem]

    /// The error with these reasons.
    public init(_ problems: [Problem]) { self.problems = problems }

    /// One reason.
    public enum Problem: Hashable, Sendable {
        /// The kernel takes no interface of this name.
        case interfaceName(Endpoint)
        /// A cable leads to a device that is not there.
        case noSuchDevice(Endpoint)
        /// Two cables lead to one interface.
        case secondCable(Endpoint)
        /// A node's interface has no cable.
        case noCable(Endpoint)
        /// Two devices have one name.
        case sameName(String)
        /// The port carries tagged frames, and the kernel has no 802.1Q links.
        case needsVLANLinks(Endpoint)
        /// The frames that leave by this end shall suffer what the kernel cannot do to them.
        case needsQdisc(Endpoint, LinkConditions)
        /// A pool cannot be used.
        case pool(IPAMError)
        /// A node's VXLAN device gets no address.
        case tunnelAddress(node: String, Tunnel, IPAMError)
        /// A pod does not run.
        case pod(namespace: String, name: String, Placement.PendingReason)
        /// A service, by Kubernetes namespace and name, cannot be reached as it asks to be.
        case service(String, String, ServiceReason)
    }

    /// Why a service cannot be reached as it asks to be.
    public enum ServiceReason: Hashable, Sendable {
        /// The address that it asks for is in no range of services, or another service's.
        case clusterAddress(IPAddress)
        /// There is no range of services of this family, or all of it is given out.
        case noClusterAddress(AddressFamily)
        /// The port of the nodes that it asks for is out of range, or another service's.
        case nodePort(UInt16)
        /// All ports of the nodes are given out.
        case noNodePort
        /// It gets no load balancers' address.
        case noLoadBalancerAddress(IPAMError)
    }
}

extension BlueprintError: CustomStringConvertible {
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}

extension BlueprintError.Problem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .interfaceName(let end):
            "\(end.device): no interface can be named \"\(end.interface)\": 1 to 15 bytes without white space, / and :"
        case .noSuchDevice(let end): "cable to \(end): there is no router, network or node \(end.device)"
        case .secondCable(let end): "\(end) has two cables"
        case .noCable(let end): "\(end) has no cable"
        case .sameName(let name): "two devices are named \(name)"
        case .needsVLANLinks(let end):
            "\(end) carries tagged frames, and this kernel has no 802.1Q links (CONFIG_VLAN_8021Q)"
        case .needsQdisc(let end, let conditions):
            "\(end) asks for \(conditions), which this kernel cannot do (CONFIG_NET_SCH_NETEM)"
        case .pool(let error): error.description
        case .tunnelAddress(let node, let tunnel, let error):
            "node \(node): its \(tunnel.deviceTitle) gets no address: \(error)"
        case .pod(let namespace, let name, let reason): "pod \(namespace)/\(name) does not run: \(reason)"
        case .service(let namespace, let name, let reason): "service \(namespace)/\(name): \(reason)"
        }
    }
}

extension BlueprintError.ServiceReason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .clusterAddress(let address):
            "its address \(address) is in no range of services (cluster.serviceSubnets) or another service's"
        case .noClusterAddress(let family): "the cluster has no \(family) address left for it (cluster.serviceSubnets)"
        case .nodePort(let port): "its nodePort \(port) is not in 30000-32767 or another service's"
        case .noNodePort: "the nodes' ports 30000-32767 are all given out"
        case .noLoadBalancerAddress(let error): "it gets no load balancers' address: \(error)"
        }
    }
}
