import Addresses

/// A node of the cluster.
public struct Node: Hashable, Sendable {
    /// Its name: a DNS label, or several joined by dots.
    public var name: String
    /// What it is for.
    public var role: Role
    /// Its Kubernetes labels, besides those every node has.
    public var labels: [String: String]
    /// Its interfaces.
    public var interfaces: [Interface]
    /// Its static routes.
    public var routes: [StaticRoute]
    /// The addresses it is known by in the cluster (kubelet's `node-ip`, Calico's autodetected address), at most one a
    /// family; where a family has none here, the first address of that family on its interfaces.
    public var nodeAddresses: [IPAddress]

    /// A node of these parts.
    public init(
        name: String, role: Role = .worker, labels: [String: String] = [:], interfaces: [Interface] = [],
        routes: [StaticRoute] = [], nodeAddresses: [IPAddress] = []
    ) {
        self.name = name
        self.role = role
        self.labels = labels
        self.interfaces = interfaces
        self.routes = routes
        self.nodeAddresses = nodeAddresses
    }

    /// What a node is for.
    public enum Role: String, Hashable, Sendable {
        /// Runs what tolerates the control plane's taint.
        case controlPlane = "control-plane"
        case worker
    }

    /// An interface of a node, at the end of a cable.
    public struct Interface: Hashable, Sendable {
        /// Its name, `eth1`.
        public var name: String
        /// Its addresses.
        public var addresses: [InterfaceAddress]
        /// Its MTU in bytes; nil for the cable's.
        public var mtu: UInt32?

        /// An interface.
        public init(name: String, addresses: [InterfaceAddress] = [], mtu: UInt32? = nil) {
            self.name = name
            self.addresses = addresses
            self.mtu = mtu
        }
    }

    /// The address the node is known by in a family, with its on-link prefix, and the interface that has it.
    public func nodeAddress(_ family: AddressFamily) -> (address: InterfaceAddress, interface: Interface)? {
        let wanted = nodeAddresses.first { $0.family == family }
        for interface in interfaces {
            for address in interface.addresses where address.family == family {
                if wanted == nil || wanted == address.address { return (address, interface) }
            }
        }
        return nil
    }
}
