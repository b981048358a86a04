import Addresses
import Topology

/// What a containerlab topology file says about a network (containerlab.dev, "Topology definition" and "Nodes").
struct ContainerlabTopology: Sendable {
    /// The lab's name.
    var name: Located<String>?
    /// The nodes, in the order they are written.
    var nodes: [Node] = []
    var links: [Link] = []

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
    }

    /// A link between two nodes.
    struct Link: Sendable {
        var ends: [End]
        var mtu: UInt32?
        var place: SourceLine
        /// The field that it was written in.
        var path: FieldPath
    }

    struct End: Sendable, Hashable {
        var node: String
        var interface: String
        var hardwareAddress: MACAddress?
    }
}
