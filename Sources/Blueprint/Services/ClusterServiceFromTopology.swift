import Addresses
import Topology

extension ClusterService {
    /// The services of a topology whose pods are placed, all of them ready.
    ///
    /// - Parameter kept: what the running lab's services have been given.
    /// - Throws: `BlueprintError` with every service that gets no address or no port of the nodes.
    public static func all(
        of topology: Topology, _ placement: Placement, keeping kept: Allocations = .empty
    ) throws(BlueprintError) -> [ClusterService] {
        var problems: [BlueprintError.Problem] = []
        let addresses = ServiceAddresses(topology, kept, problems: &problems)
        let nodePorts = ServiceNodePorts(topology, kept, problems: &problems)
        let balancers = LoadBalancerAddresses(topology, kept, problems: &problems)
        var candidates = EndpointCandidates(topology, placement)
        let services = topology.services.indices.map { index in
            let service = topology.services[index]
            let families = service.families(on: topology.cluster)
            var found = ClusterService(
                name: service.name, namespace: service.namespace, kind: service.kind, families: families,
                clusterAddresses: addresses.byService[index], externalAddresses: service.externalAddresses,
                ports: service.ports.indices.map { port in
                    ServicePort(
                        name: service.ports[port].name, transport: service.ports[port].transport,
                        number: service.ports[port].port, target: service.ports[port].target,
                        nodePort: nodePorts.byService[index][port])
                },
                endpoints: candidates.endpoints(of: service, families), sessionAffinity: service.sessionAffinity,
                publishesNotReadyAddresses: service.publishesNotReadyAddresses,
                isInternallyLocal: service.isInternallyLocal, isExternallyLocal: service.isExternallyLocal)
            if service.kind == .loadBalancer {
                found.ingress = service.ingress + balancers.byService[index].map { Service.Ingress($0) }
                found.sourceRanges = service.sourceRanges
                found.healthCheckNodePort = nodePorts.healthChecks[index]
            }
            return found
        }
        if !problems.isEmpty { throw BlueprintError(problems) }
        return services
    }
}
