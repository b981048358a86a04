import Addresses
import Topology

/// What a containerlab topology file says about a network (containerlab.dev, "Topology definition" and "Nodes").
struct ContainerlabTopology: Sendable {
    /// The lab's name.
    var name: Located<String>?
    /// What stands before containers' names (`prefix`); nil for containerlab's own.
    var prefix: String?
    /// The nodes, in the order they are written.
    var nodes: [Node] = []
    var links: [Link] = []
    /// `mgmt`.
    var management = Management()

    /// A node, with what it inherits from its group, its kind and the defaults.
    struct Node: Sendable {
        var name: String
        var place: SourceLine
        /// The kind, in one spelling for each: `arista_ceos` of `ceos`.
        var kind: String
        /// The path of a configuration file, as it is written.
        var startupConfig: Located<String>?
        /// The configuration itself, where it is written in the topology.
        var inlineConfig: Located<String>?
        /// The lines that are run inside, in the order in which containerlab runs them.
        var exec: [ExecLine] = []
        /// What it waits for.
        var waits: [Wait] = []
        /// What it sees of the machine's files, as it is written.
        var binds: [Located<String>] = []
        /// Kernel settings (`sysctls`).
        var sysctls: [Located<[String]>] = []
        /// `labels`.
        var labels: [String: String] = [:]
        /// `env`.
        var environment: [String: String] = [:]
        /// `mgmt-ipv4` and `mgmt-ipv6`.
        var managementIPv4: Located<IPAddress>?
        var managementIPv6: Located<IPAddress>?
        /// `network-mode`.
        var networkMode: Located<String>?
        /// The nodes that live in its network namespace.
        var aliases: [String] = []
        /// `group`, `type` and `image`, which templates may name.
        var group: String?
        var type: String?
        var image: String?
        /// `hostname`.
        var hostname: Located<String>?
    }

    /// A link between two nodes, or from a node to something else.
    struct Link: Sendable {
        /// The ends at nodes: two, or one where the other end is elsewhere.
        var ends: [End]
        /// What is at the other end of a link with one end at a node.
        var far: FarEnd?
        var mtu: UInt32?
        var place: SourceLine
        /// The field that it was written in.
        var path: FieldPath

        /// What a link leads to that is no node.
        enum FarEnd: Sendable, Equatable {
            /// Nothing, as it is meant to.
            case dummy
            /// The management network.
            case managementNetwork
            /// What a lab does not have: a clause that says what would be there.
            case missing(String)
        }
    }

    /// An end of a link at a node.
    struct End: Sendable, Hashable {
        var node: String
        var interface: String
        var hardwareAddress: MACAddress?
        /// The addresses that the link gives the interface (`ipv4`, `ipv6`).
        var addresses: [Located<InterfaceAddress>] = []
        var place: SourceLine
    }
}
