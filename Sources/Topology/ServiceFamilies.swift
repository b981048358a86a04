import Addresses

extension Service {
    /// The families that it has on a cluster, the first one first; none for an external name.
    ///
    /// As the API server fills them in (`initIPFamilyFields` in Kubernetes' pkg/registry/core/service/storage/alloc.go):
    /// those that were asked for, or those of the addresses that were asked for, or the cluster's first; and, for a
    /// policy of two families, the cluster's other one.
    public func families(on cluster: Cluster) -> [AddressFamily] {
        if case .externalName = kind { return [] }
        let available = cluster.serviceFamilies
        var result = families.isEmpty ? clusterAddresses.map(\.family) : families
        if result.isEmpty { result = Array(available.prefix(1)) }
        switch familyPolicy {
        case .singleStack: return Array(result.prefix(1))
        case .preferDualStack, .requireDualStack: return result + available.filter { !result.contains($0) }
        }
    }

    /// What it is called where names of all Kubernetes namespaces meet: `multitool`, `kube-system/kube-dns`.
    package var key: String { namespace == "default" ? name : "\(namespace)/\(name)" }

    /// Whether nodes answer load balancers that ask for its endpoints (`NeedsHealthCheck` in Kubernetes' pkg/api/v1/service).
    public var hasHealthCheck: Bool { kind == .loadBalancer && isExternallyLocal }

    /// Whether Calico gives it load balancers' addresses, where there are any.
    public func takesCalicoAddresses(_ assignment: LoadBalancerAssignment) -> Bool {
        guard kind == .loadBalancer else { return false }
        if let loadBalancerClass { return loadBalancerClass == "calico" }
        return assignment == .allServices || !loadBalancerAddresses.isEmpty || !loadBalancerPools.isEmpty
    }

    /// Whether this is the API server's own service, whose endpoints are the control plane's nodes.
    public var isAPIServer: Bool { namespace == "default" && name == "kubernetes" && selector.isEmpty }
}

extension Cluster {
    /// The families that services can have, the first one first: those of the ranges of service addresses, or where there
    /// are none, and so only headless services, those of the pools.
    public var serviceFamilies: [AddressFamily] {
        let prefixes = serviceSubnets.isEmpty ? pools.map(\.prefix) : serviceSubnets
        var families: [AddressFamily] = []
        for prefix in prefixes where !families.contains(prefix.family) { families.append(prefix.family) }
        return families
    }
}
