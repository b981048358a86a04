import Addresses

extension Workload {
    /// How a workload's pods resolve names (`dnsPolicy` and `dnsConfig` of a pod).
    public struct NameResolution: Hashable, Sendable {
        public var policy: Policy
        /// Name servers, after those of the policy.
        public var nameservers: [IPAddress]
        /// Domains that are tried after a name, after those of the policy.
        public var searches: [String]
        /// The resolver's options, such as `ndots:1`; one of the policy's of the same name gives way.
        public var options: [String]

        public init(
            _ policy: Policy = .clusterFirst, nameservers: [IPAddress] = [], searches: [String] = [],
            options: [String] = []
        ) {
            self.policy = policy
            self.nameservers = nameservers
            self.searches = searches
            self.options = options
        }

        /// Where the resolver's configuration begins, by Kubernetes' names.
        public enum Policy: String, Hashable, Sendable, CaseIterable {
            /// With the cluster's DNS; in a node's own namespace with the node's.
            case clusterFirst = "ClusterFirst"
            /// With the cluster's DNS, also in a node's own namespace.
            case clusterFirstWithHostNet = "ClusterFirstWithHostNet"
            /// With what the node has.
            case node = "Default"
            /// With nothing.
            case none = "None"
        }
    }

    /// A line of its own in the pods' `/etc/hosts` (`hostAliases` of a pod).
    public struct HostAlias: Hashable, Sendable {
        public var address: IPAddress
        public var names: [String]

        public init(_ address: IPAddress, _ names: [String]) {
            self.address = address
            self.names = names
        }
    }
}
