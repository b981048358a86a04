import Addresses
import Calico
import Topology

/// The addresses that Calico gives services of type LoadBalancer (docs.tigera.io, "LoadBalancer IP address management"): of
/// the pools that are for it, one of each of the service's families, or those that are asked for.
struct LoadBalancerAddresses {
    /// By service, in the topology's order.
    private(set) var byService: [[IPAddress]]

    /// Whose blocks they are in (libcalico-go's `VirtualLoadBalancer`).
    private static let node = "virtual-load-balancer"

    init(_ topology: Topology, _ kept: Allocations, problems: inout [BlueprintError.Problem]) {
        byService = topology.services.map { _ in [] }
        let pools = topology.cluster.pools.filter { $0.allowedUses.contains(.loadBalancer) }
        if pools.isEmpty { return }
        let takers = topology.services.indices.filter {
            topology.services[$0].takesCalicoAddresses(topology.cluster.loadBalancerAssignment)
                && topology.services[$0].ingress.isEmpty
        }
        var taken: Set<IPAddress> = []
        for index in takers {
            // One that is in no pool, or another's, the topology's check has told.
            for address in topology.services[index].loadBalancerAddresses
            where pools.contains(where: { $0.prefix.contains(address) }) && taken.insert(address).inserted {
                byService[index].append(address)
            }
        }
        func wanted(_ index: Int) -> [AddressFamily] {
            let service = topology.services[index]
            // Who asks for addresses gets these alone.
            return service.loadBalancerAddresses.isEmpty ? service.families(on: topology.cluster) : []
        }
        func serves(_ pool: Pool, _ index: Int) -> Bool {
            let asked = topology.services[index].loadBalancerPools
            return asked.isEmpty
                ? pool.assignsAutomatically : asked.contains(pool.name) || asked.contains("\(pool.prefix)")
        }
        for index in takers {
            for address in kept.services[topology.services[index].wholeKey]?.loadBalancerIPs ?? []
            where wanted(index).contains(address.family)
                && !byService[index].contains(where: { $0.family == address.family })
                && pools.contains(where: { $0.prefix.contains(address) && serves($0, index) })
                && taken.insert(address).inserted
            {
                byService[index].append(address)
            }
        }
        // What is taken is kept from the others as if it had been asked for.
        var book = IPAM(
            pools: pools.compactMap(\.addressPool), reservations: topology.cluster.reservedAddresses, requested: taken)
        for index in takers {
            let service = topology.services[index]
            for family in wanted(index) where !byService[index].contains(where: { $0.family == family }) {
                let able = pools.filter { $0.prefix.family == family && serves($0, index) }.compactMap(\.addressPool)
                // Where no pool is for it, it waits for an address, as a service without a load balancer does.
                if able.isEmpty { continue }
                do throws(IPAMError) {
                    let owner = IPAM.Owner.pod(namespace: service.namespace, name: service.name)
                    byService[index].append(try book.assign(to: owner, on: Self.node, from: able))
                } catch {
                    // In a lab that people wrote for a cluster it waits, as it would there.
                    if topology.allowsPendingPods { continue }
                    problems.append(.service(service.namespace, service.name, .noLoadBalancerAddress(error)))
                }
            }
        }
    }
}

extension Pool {
    /// The pool as the address book has it; nil for one that Calico refuses, which the topology's check has told.
    fileprivate var addressPool: IPPool? { try? IPPool(name: name, prefix: prefix, blockSize: blockSize) }
}
