import Addresses
import Topology

/// The services' own addresses: those that they have, then those that were asked for, then the two that are always the same, then the others.
struct ServiceAddresses {
    /// By service, in the topology's order.
    private(set) var byService: [[IPAddress]]
    private var numbers: [(subnet: Prefix, numbers: ServiceNumbers)]

    init(_ topology: Topology, _ kept: Allocations, problems: inout [BlueprintError.Problem]) {
        byService = Array(repeating: [], count: topology.services.count)
        numbers = topology.cluster.serviceSubnets.map { ($0, ServiceNumbers(positionsIn: $0)) }
        let addressed = topology.services.indices.filter { topology.services[$0].hasClusterAddresses }
        var wanted = topology.services.map { $0.families(on: topology.cluster) }
        for index in addressed {
            let service = topology.services[index]
            for address in kept.services[service.wholeKey]?.clusterIPs ?? []
            where wanted[index].contains(address.family)
                && (service.clusterAddresses.contains(address)
                    || !service.clusterAddresses.contains { $0.family == address.family })
                && take(address)
            {
                byService[index].append(address)
                wanted[index].removeAll { $0 == address.family }
            }
        }
        for index in addressed {
            let service = topology.services[index]
            for address in service.clusterAddresses where !byService[index].contains(address) {
                if !take(address) {
                    problems.append(.service(service.namespace, service.name, .clusterAddress(address)))
                }
                byService[index].append(address)
                wanted[index].removeAll { $0 == address.family }
            }
        }
        for index in addressed {
            // kubeadm's places for them: the first address of the range, and the tenth.
            let key = topology.services[index].wholeKey
            guard let position: UInt128 = key == "default/kubernetes" ? 1 : key == "kube-system/kube-dns" ? 10 : nil
            else { continue }
            wanted[index].removeAll { family in
                guard let subnet = numbers.first(where: { $0.subnet.family == family })?.subnet,
                    let address = subnet.address(at: position), take(address)
                else { return false }
                byService[index].append(address)
                return true
            }
        }
        for index in addressed {
            let service = topology.services[index]
            for family in wanted[index] {
                guard let address = choose(family, for: service.wholeKey) else {
                    problems.append(.service(service.namespace, service.name, .noClusterAddress(family)))
                    continue
                }
                byService[index].append(address)
            }
            let families = service.families(on: topology.cluster)
            byService[index].sort {
                families.firstIndex(of: $0.family) ?? .max < families.firstIndex(of: $1.family) ?? .max
            }
        }
    }

    private mutating func take(_ address: IPAddress) -> Bool {
        guard let index = numbers.firstIndex(where: { $0.subnet.contains(address) }) else { return false }
        return numbers[index].numbers.take(Int(clamping: address.value - numbers[index].subnet.address.value))
    }

    private mutating func choose(_ family: AddressFamily, for seed: String) -> IPAddress? {
        guard let index = numbers.firstIndex(where: { $0.subnet.family == family }),
            let number = numbers[index].numbers.choose(for: seed)
        else { return nil }
        return numbers[index].subnet.address(at: UInt128(number))
    }
}

extension Service {
    /// What it is called where names of all Kubernetes namespaces meet: `kube-system/kube-dns`.
    var wholeKey: String { "\(namespace)/\(name)" }

    var hasClusterAddresses: Bool {
        switch kind {
        case .clusterIP, .nodePort, .loadBalancer: true
        case .headless, .externalName: false
        }
    }

    var hasNodePorts: Bool { kind == .nodePort || kind == .loadBalancer }
}
