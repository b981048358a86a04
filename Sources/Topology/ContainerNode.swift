/// What a machine of a lab would be as a container of containerlab's or kind's: how other tools' commands name it.
public struct ContainerNode: Codable, Hashable, Sendable {
    /// What nslab calls the machine whose network it has.
    public var host: String
    /// Its name in the files.
    public var node: String
    /// What stands before the node's name in the container's; nil where that is the node's name alone.
    public var prefix: Prefix?
    /// containerlab's kind.
    public var kind: String
    /// As the files have it; empty where none has one.
    public var image: String

    /// The beginning of a container's name (`prefix` of a containerlab topology).
    public enum Prefix: Codable, Hashable, Sendable {
        /// `PREFIX-LAB-`
        case named(String)
        /// `LAB-`
        case lab
    }

    public init(host: String, node: String, prefix: Prefix?, kind: String, image: String) {
        self.host = host
        self.node = node
        self.prefix = prefix
        self.kind = kind
        self.image = image
    }

    /// The container's name in a lab of this name: `clab-dual-stack-ceos01`.
    public func name(inLab lab: String) -> String {
        switch prefix {
        case .named(let prefix): "\(prefix)-\(lab)-\(node)"
        case .lab: "\(lab)-\(node)"
        case nil: node
        }
    }

    /// The containers of a lab whose files do not speak of any: its routers, hosts and nodes.
    public static func all(of topology: Topology) -> [ContainerNode] {
        topology.routers.map {
            .init(host: $0.name, node: $0.name, prefix: .named("clab"), kind: "arista_ceos", image: "ceos")
        }
            + topology.hosts.map {
                .init(host: $0.name, node: $0.name, prefix: .named("clab"), kind: "linux", image: "")
            }
            + topology.nodes.map {
                .init(host: $0.name, node: $0.name, prefix: nil, kind: "k8s-kind", image: kindImage)
            }
    }

    /// The image of kind's nodes where no file says one.
    public static let kindImage = "kindest/node:v1.28.0"
}

extension Topology {
    /// What kind would call the cluster: what all nodes' names begin with, or the lab's name.
    public var clusterName: String {
        guard let node = nodes.first(where: { $0.role == .controlPlane }) else { return name }
        let end = "-control-plane"
        return node.name.hasSuffix(end) ? String(node.name.dropLast(end.count)) : name
    }
}
