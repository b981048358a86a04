import Addresses

/// What all nodes of the cluster share.
public struct Cluster: Hashable, Sendable {
    /// The pools that pods get their addresses from, in the order they are tried.
    public var pools: [Pool]
    /// The ranges of service addresses, at most one a family.
    public var serviceSubnets: [Prefix]
    /// Where packets of pods come from, as kube-proxy is told (`clusterCIDR`), at most one a family; empty for the pools.
    public var podSubnets: [Prefix] = []
    /// How nodes send packets for services on to their endpoints.
    public var kubeProxyMode = KubeProxyMode.nftables
    /// Which services Calico gives load balancers' addresses of its pools.
    public var loadBalancerAssignment = LoadBalancerAssignment.allServices
    /// Kubernetes namespaces that exist whether or not a pod or service is in them. Seen in DNS alone: their names exist.
    public var namespaces: [String]
    /// Addresses that are never given to a pod (Calico's `IPReservation`).
    public var reservedAddresses: [Prefix]
    /// The ranges of services' addresses that nodes tell routers of which hear of them (`BGPConfiguration`).
    public var advertisedServices: [Prefix] = []
    /// The VXLAN devices' UDP port.
    public var vxlanPort: UInt16
    /// The VXLAN devices' network identifier.
    public var vxlanVNI: UInt32
    /// The pods' MTU in bytes; nil for the one that the encapsulations leave of the underlay's.
    public var mtu: UInt32?

    /// A cluster with Calico's defaults.
    public init(
        pools: [Pool] = [], serviceSubnets: [Prefix] = [], reservedAddresses: [Prefix] = [], vxlanPort: UInt16 = 4789,
        vxlanVNI: UInt32 = 4096, mtu: UInt32? = nil, namespaces: [String] = []
    ) {
        self.pools = pools
        self.serviceSubnets = serviceSubnets
        self.reservedAddresses = reservedAddresses
        self.vxlanPort = vxlanPort
        self.vxlanVNI = vxlanVNI
        self.mtu = mtu
        self.namespaces = namespaces
    }
}

/// How nodes send packets for services on, by kube-proxy's names of its modes.
public enum KubeProxyMode: String, Hashable, Sendable, CaseIterable {
    /// By rules of nf_tables.
    case nftables
    /// Not at all: there is no kube-proxy.
    case none
}

/// Which services of type LoadBalancer Calico gives addresses, by the names of its `KubeControllersConfiguration`
/// (`spec.controllers.loadBalancer.assignIPs`).
public enum LoadBalancerAssignment: String, Hashable, Sendable, CaseIterable {
    /// All that no other class of load balancers is for.
    case allServices = "AllServices"
    /// Those that ask for addresses or name pools, and those of its own class.
    case requestedServicesOnly = "RequestedServicesOnly"
}

/// A Calico IP pool.
public struct Pool: Hashable, Sendable {
    public var name: String
    /// The addresses it hands out.
    public var prefix: Prefix
    /// The prefix length of the blocks that nodes claim of it.
    public var blockSize: Int
    /// How packets to its addresses cross from node to node.
    public var encapsulation: Encapsulation
    /// Whether packets from it to addresses in no pool leave a node with the node's address.
    public var natOutgoing: Bool
    /// Which nodes take addresses of it.
    public var nodeSelector: NodeSelector
    /// What its addresses are for; empty for a pool that is disabled.
    public var allowedUses: Set<Use>
    /// Whether pods get addresses of it without asking for it by name (`assignmentMode: Automatic`).
    public var assignsAutomatically: Bool
    /// Whether its blocks are not announced to routers (`disableBGPExport`).
    public var disablesBGPExport: Bool

    /// A pool with Calico's defaults: blocks of 64 addresses, for all nodes.
    public init(
        name: String, prefix: Prefix, blockSize: Int? = nil, encapsulation: Encapsulation = .none,
        natOutgoing: Bool = false, nodeSelector: NodeSelector = .all,
        allowedUses: Set<Use> = [.workload, .tunnel], assignsAutomatically: Bool = true, disablesBGPExport: Bool = false
    ) {
        self.name = name
        self.prefix = prefix
        self.blockSize = blockSize ?? prefix.family.bits - 6
        self.encapsulation = encapsulation
        self.natOutgoing = natOutgoing
        self.nodeSelector = nodeSelector
        self.allowedUses = allowedUses
        self.assignsAutomatically = assignsAutomatically
        self.disablesBGPExport = disablesBGPExport
    }

    /// What addresses of a pool are for, by Calico's names.
    public enum Use: String, Hashable, Sendable, CaseIterable {
        /// Pods.
        case workload = "Workload"
        /// The nodes' tunnel devices.
        case tunnel = "Tunnel"
        /// Load balancers' addresses of services.
        case loadBalancer = "LoadBalancer"
    }

    /// How packets to a pool's addresses cross from node to node, by the names the Calico operator uses.
    public enum Encapsulation: String, Hashable, Sendable, CaseIterable {
        case none = "None"
        case vxlan = "VXLAN"
        case vxlanCrossSubnet = "VXLANCrossSubnet"
        case ipip = "IPIP"
        case ipipCrossSubnet = "IPIPCrossSubnet"

        /// Whether nodes have IPIP tunnels for the sake of it.
        public var isIPIP: Bool { self == .ipip || self == .ipipCrossSubnet }
    }

    /// Which nodes take addresses of a pool.
    public enum NodeSelector: Hashable, Sendable {
        /// `all()`.
        case all
        /// `!all()`: only pods that ask for the pool by name.
        case nobody
        /// Nodes that have all of these labels.
        case labels([String: String])
        /// Nodes that a selector in Calico's language selects.
        case expression(LabelExpression)
    }
}

extension Pool {
    /// Whether pods on a node take addresses of it without asking for it by name.
    public func serves(_ node: Node) -> Bool {
        switch nodeSelector {
        case .all: true
        case .nobody: false
        case .labels(let labels): node.has(labels)
        case .expression(let expression): expression.selects(node.allLabels)
        }
    }

    /// Whether nodes or their pods have addresses of it.
    public var isOnNodes: Bool { allowedUses != [.loadBalancer] }

    /// How many blocks it has; `.max` for more than can be counted.
    public var blockCount: UInt128 {
        let bits = blockSize - prefix.length
        return bits < 0 ? 0 : bits >= 128 ? .max : 1 << UInt128(bits)
    }
}
