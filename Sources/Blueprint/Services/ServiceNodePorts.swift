import Addresses
import Topology

/// The nodes' ports of services that have them.
struct ServiceNodePorts {
    /// By service and port, in the topology's order.
    private(set) var byService: [[UInt16?]]
    /// By service, the port at which load balancers ask for its endpoints.
    private(set) var healthChecks: [UInt16?]

    init(_ topology: Topology, _ kept: Allocations, problems: inout [BlueprintError.Problem]) {
        byService = topology.services.map { service in
            service.hasNodePorts ? service.ports.map(\.nodePort) : service.ports.map { _ in nil }
        }
        healthChecks = topology.services.map { $0.hasHealthCheck ? $0.healthCheckNodePort : nil }
        var numbers = ServiceNumbers.nodePorts
        // One number may stand for TCP and for UDP of one service.
        var own = topology.services.map { _ in Set<UInt16>() }
        var ownChecks: Set<Int> = []
        for (index, service) in topology.services.enumerated() where service.hasNodePorts {
            let had = kept.services[service.wholeKey]?.nodePorts ?? [:]
            for (place, port) in service.ports.enumerated() {
                guard let number = had[Allocations.Service.key(port.port, port.transport)],
                    byService[index][place] ?? number == number,
                    own[index].contains(number) || numbers.take(Int(number))
                else { continue }
                own[index].insert(number)
                byService[index][place] = number
            }
        }
        for (index, service) in topology.services.enumerated() where service.hasHealthCheck {
            guard let number = kept.services[service.wholeKey]?.nodePorts[Allocations.Service.healthCheckKey],
                healthChecks[index] ?? number == number, numbers.take(Int(number))
            else { continue }
            if healthChecks[index] != nil { ownChecks.insert(index) }
            healthChecks[index] = number
        }
        for (index, service) in topology.services.enumerated() where service.hasNodePorts {
            for nodePort in Set(byService[index].compactMap(\.self)).subtracting(own[index]).sorted()
            where !numbers.take(Int(nodePort)) {
                problems.append(.service(service.namespace, service.name, .nodePort(nodePort)))
            }
        }
        for (index, service) in topology.services.enumerated() {
            guard let number = service.healthCheckNodePort, service.hasHealthCheck, !ownChecks.contains(index),
                !numbers.take(Int(number))
            else { continue }
            problems.append(.service(service.namespace, service.name, .nodePort(number)))
        }
        for (index, service) in topology.services.enumerated() where service.hasNodePorts && service.allocatesNodePorts
        {
            for (place, port) in service.ports.enumerated() where byService[index][place] == nil {
                let same = service.ports.indices.first {
                    service.ports[$0].port == port.port && service.ports[$0].transport != port.transport
                        && byService[index][$0] != nil
                }
                if let same {
                    byService[index][place] = byService[index][same]
                } else if let number = numbers.choose(for: "\(service.wholeKey):\(port.port)") {
                    byService[index][place] = UInt16(number)
                } else {
                    problems.append(.service(service.namespace, service.name, .noNodePort))
                }
            }
        }
        for (index, service) in topology.services.enumerated()
        where service.hasHealthCheck && healthChecks[index] == nil {
            if let number = numbers.choose(for: "\(service.wholeKey):health-check") {
                healthChecks[index] = UInt16(number)
            } else {
                problems.append(.service(service.namespace, service.name, .noNodePort))
            }
        }
    }
}
