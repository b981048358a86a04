import Addresses
import NetworkObjects
import Topology

/// The ports of a node that lead to pods on it (`hostPort`), as the plugin portmap that Calico chains behind its own installs them
/// in nftables mode (plugins/meta/portmap/portmap_nftables.go of containernetworking): they are translated for whoever asks for one of
/// the node's own addresses, the node itself among them.
struct HostPorts {
    /// One port.
    struct Mapping: Hashable {
        var transport: Transport
        var port: UInt16
        /// The address of the node that it is at; nil for all.
        var address: IPAddress?
        var target: Rule.Destination
        /// The addresses of the pod.
        var pod: IPAddress { target.address }
    }

    private(set) var mappings: [Mapping] = []

    /// The name of its tables.
    static let tableName = "cni_hostport"

    /// Those of the pods on one node.
    init(_ pods: [Placement.Pod]) {
        for pod in pods where !pod.usesHostNetwork {
            for port in pod.ports {
                guard let number = port.hostPort else { continue }
                for address in pod.addresses where port.hostAddress.map({ $0.family == address.family }) ?? true {
                    let wanted = port.hostAddress.flatMap { $0.value == 0 ? nil : $0 }
                    mappings.append(
                        Mapping(
                            transport: port.transport, port: number, address: wanted,
                            target: Rule.Destination(address, port.number)))
                }
            }
        }
    }

    /// The tables of the node, IPv4's before IPv6's.
    var tables: [RuleTable] { AddressFamily.allCases.compactMap(table) }

    private static let loopback = IPAddress.v4(IPv4Address(0x7f00_0001))

    private func table(_ family: AddressFamily) -> RuleTable? {
        let mappings = mappings.filter { $0.pod.family == family }
        if mappings.isEmpty { return nil }
        var table = RuleTable(.init(family), Self.tableName)
        let isLocal = Rule.Statement.match(.destinationAddressType, .value(.other("local")))
        let translations = mappings.map { mapping in
            let address = mapping.address.map {
                [Rule.Statement.match(.destinationAddress(family), .value(.address($0)))]
            }
            return Rule(
                (address ?? []) + [
                    .match(.transport, .value(.transport(mapping.transport))),
                    .match(.destinationPort, .value(.number(UInt32(mapping.port)))),
                    .translation(to: mapping.target),
                ])
        }
        // What a pod sends to its own port, and what the node sends from its loopback, has to come back by the node.
        let masqueraded = Set(mappings.map(\.pod)).sorted().flatMap { pod in
            let loopback = family == .ipv4 ? [Self.loopback] : []
            return ([pod] + loopback).map { source in
                Rule([
                    .match(.sourceAddress(family), .value(.address(source))),
                    .match(.destinationAddress(family), .value(.address(pod))), .masquerade,
                ])
            }
        }
        func hook(_ name: String, _ point: String, _ priority: Int32, _ rules: [Rule]) -> RuleTable.Chain {
            .init(name, hook: .init("nat", point, priority), rules)
        }
        table.chains = [
            .init("hostports", translations),
            hook("prerouting", "prerouting", -100, [Rule([isLocal, .verdict(.jump("hostports"))])]),
            hook("output", "output", -100, [Rule([isLocal, .verdict(.jump("hostports"))])]),
            hook("postrouting", "postrouting", 100, masqueraded),
        ]
        return table
    }
}
