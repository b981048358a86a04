import Addresses
import Topology

extension Placement.Pod {
    /// How kubelet has a pod resolve names (`GetPodDNS` in pkg/kubelet/network/dns): as its policy says, with its own servers,
    /// domains and options after that; nil for as its node does.
    ///
    /// - Parameter serviceSubnets: the cluster's DNS service is at the tenth address of the first, where kubeadm puts it; a cluster
    ///   without services has none.
    func resolver(_ serviceSubnets: [Prefix]) -> ResolverConfig? {
        let cluster = serviceSubnets.first?.address(at: 10).map { nameserver in
            ResolverConfig(
                nameservers: [nameserver],
                search: ["\(namespace).svc.cluster.local", "svc.cluster.local", "cluster.local"], options: ["ndots:5"])
        }
        var config: ResolverConfig?
        switch nameResolution.policy {
        case .clusterFirst: config = usesHostNetwork ? nil : cluster
        case .clusterFirstWithHostNet: config = cluster
        case .node: break
        case .none: config = ResolverConfig(nameservers: [])
        }
        let own = nameResolution
        if own.nameservers.isEmpty, own.searches.isEmpty, own.options.isEmpty { return config }
        var merged = config ?? ResolverConfig(nameservers: [])
        merged.nameservers += own.nameservers.filter { !merged.nameservers.contains($0) }
        merged.search += own.searches.filter { !merged.search.contains($0) }
        let named = Set(own.options.map(Self.name(ofOption:)))
        merged.options = merged.options.filter { !named.contains(Self.name(ofOption: $0)) } + own.options
        return merged
    }

    private static func name(ofOption option: String) -> Substring { option.prefix { $0 != ":" } }
}
