import Addresses

/// A node of the cluster.
public struct Node: Hashable, Sendable {
    /// Its name: a DNS label, or several joined by dots.
    public var name: String
    public var role: Role
    /// Its Kubernetes labels, besides those every node has.
    public var labels: [String: String]
    public var interfaces: [Interface]
    public var routes: [StaticRoute]
    /// The addresses it is known by in the cluster (kubelet's `node-ip`, Calico's autodetected address), at most one a
    /// family; where a family has none here, the first address of that family on its interfaces.
    public var nodeAddresses: [IPAddress]
    /// Whether it has the control plane's taint, so that only pods that tolerate it are scheduled to it.
    public var isTainted: Bool
    /// Kernel settings by their path below `/proc/sys/net`, such as `ipv4/conf/eth1/rp_filter`.
    public var sysctls: [String: String]
    /// Commands that run inside once the network is up, one after the other.
    public var commands: [HostCommand]
    /// Variables of the environment that its commands have.
    public var environment: [String: String] = [:]
    /// What it has when its commands begin, where they bring some of the interfaces and routes above; nil where it has all of them.
    public var beforeCommands: LinuxConfiguration?
    /// What it sees of the machine's files at places of its choice.
    public var binds: [Bind] = []
    /// Other names that mean it: of machines that live in its network namespace.
    public var aliases: [String] = []

    /// A node of these parts. Without a word on its taint, a control-plane node has one.
    public init(
        name: String, role: Role = .worker, labels: [String: String] = [:], interfaces: [Interface] = [],
        routes: [StaticRoute] = [], nodeAddresses: [IPAddress] = [], isTainted: Bool? = nil,
        sysctls: [String: String] = [:], commands: [HostCommand] = []
    ) {
        self.name = name
        self.role = role
        self.labels = labels
        self.interfaces = interfaces
        self.routes = routes
        self.nodeAddresses = nodeAddresses
        self.isTainted = isTainted ?? (role == .controlPlane)
        self.sysctls = sysctls
        self.commands = commands
    }

    /// What a node is for, as kubeadm's labels and taints say it.
    public enum Role: String, Hashable, Sendable {
        /// Runs what tolerates the control plane's taint.
        case controlPlane = "control-plane"
        case worker
    }

    /// An interface of a node: the end of a cable, or what is on top of such ends.
    public struct Interface: Hashable, Sendable {
        /// Its name, `eth1`.
        public var name: String
        public var addresses: [InterfaceAddress]
        /// Its MTU in bytes; nil for the cable's.
        public var mtu: UInt32?
        public var kind: Kind
        /// The bridge of this node that it is a port of.
        public var master: String?
        /// Its MAC address; nil for one of the kernel's choice.
        public var hardwareAddress: MACAddress?
        /// Whether it is administratively down.
        public var isShutdown: Bool

        /// An interface; the end of a cable unless said otherwise.
        public init(
            name: String, addresses: [InterfaceAddress] = [], mtu: UInt32? = nil, kind: Kind = .cable,
            master: String? = nil, hardwareAddress: MACAddress? = nil, isShutdown: Bool = false
        ) {
            self.name = name
            self.addresses = addresses
            self.mtu = mtu
            self.kind = kind
            self.master = master
            self.hardwareAddress = hardwareAddress
            self.isShutdown = isShutdown
        }

        /// How an interface is joined to others.
        public enum Kind: Hashable, Sendable {
            /// The end of a cable.
            case cable
            /// The tagged frames of one VLAN of another interface.
            case vlan(parent: String, id: UInt16)
            /// A bridge; its ports name it as their master.
            case bridge
            /// An interface that leads nowhere, for its addresses; `lo` if that is its name.
            case dummy
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
