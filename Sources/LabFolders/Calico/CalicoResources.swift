import Addresses
import Topology

/// What Calico's documents say: the operator's `Installation`, and the resources of `projectcalico.org`
/// (docs.tigera.io, "Installation reference" and "Resource definitions").
struct CalicoResources: Sendable {
    /// Whether there is an `Installation`, so that the operator's defaults hold.
    var installation: SourceLine?
    /// The pools of the `Installation`; nil where it does not name any, which means the operator's default ones.
    var installedPools: [Located<Pool>]?
    /// Pools of their own documents, in order.
    var pools: [Located<Pool>] = []
    /// The pools that Calico's own manifest makes of the cluster's ranges.
    var manifestPools: [ManifestPool] = []
    /// `IPReservation`.
    var reservations: [Prefix] = []
    /// How a node's address is found, by family.
    var detection: [AddressFamily: Autodetection] = [:]
    /// Whether BGP is switched off (`calicoNetwork.bgp: Disabled`).
    var isBGPDisabled = false
    /// Whether ports of nodes lead to pods (`calicoNetwork.hostPorts`).
    var mapsHostPorts = true
    /// The pods' MTU.
    var mtu: UInt32?
    /// The VXLAN devices' MTU, port and identifier (`FelixConfiguration`).
    var vxlanMTU: UInt32?
    /// The IPIP tunnels' MTU (`FelixConfiguration`).
    var ipipMTU: UInt32?
    var vxlanPort: UInt16?
    var vxlanVNI: UInt32?
    /// Which services get load balancers' addresses (`KubeControllersConfiguration`).
    var loadBalancerAssignment = LoadBalancerAssignment.allServices
    /// `BGPPeer`.
    var peers: [BGPPeer] = []
    /// The ranges of services' addresses that nodes tell their peers of (`BGPConfiguration`).
    var advertisedServices: [Prefix] = []
    /// Documents that BGP needs, such as `BGPPeer`.
    var bgpDocuments: [Located<String>] = []

    /// How a node's own address is found (`nodeAddressAutodetectionV4`).
    struct Autodetection: Sendable {
        var method: Method
        var place: SourceLine

        enum Method: Sendable, Equatable {
            /// The first address on an interface that is none of Calico's or Docker's.
            case firstFound
            /// kubelet's `node-ip`.
            case kubernetes
            /// An address in one of these ranges.
            case ranges([Prefix])
            /// An interface whose name fits one of these patterns.
            case interface([String])
            /// Not one whose name fits one of these patterns.
            case skipInterface([String])
            /// The interface of the route to this address.
            case canReach(IPAddress)
            /// No address of this family.
            case none
        }
    }

    /// Whom nodes speak BGP with.
    struct BGPPeer: Sendable {
        /// The peer's address; nil where peers are selected by their labels.
        var address: IPAddress?
        /// The one node that speaks with it.
        var node: String?
        /// The nodes that speak with it; all where there is neither.
        var nodes: LabelExpression?
    }

    /// Whether anything of Calico's is there.
    var isEmpty: Bool { installation == nil && pools.isEmpty && manifestPools.isEmpty }
}
