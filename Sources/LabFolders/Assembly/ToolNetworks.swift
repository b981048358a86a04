import Addresses
import Topology

/// The networks that kind and containerlab bring by themselves, and who is on them: kind's with the cluster's nodes and, before
/// several control planes, a load balancer; containerlab's management network with all nodes that are no other tool's.
struct ToolNetworks: Sendable {
    /// One of them.
    struct Segment: Sendable {
        /// The network's name, as Docker has it.
        var name: String
        /// The gateway's addresses, IPv4 first.
        var gateways: [InterfaceAddress]
        var isManagement: Bool
        var mtu: UInt32?
    }

    /// A machine on one of them.
    struct Member: Sendable {
        /// The position of its network.
        var segment: Int
        var addresses: [InterfaceAddress]
    }

    private(set) var segments: [Segment] = []
    /// By the name of a containerlab node, or of one of kind's.
    private(set) var members: [String: Member] = [:]
    /// The name of the load balancer that kind makes; nil where it makes none.
    private(set) var balancer: String?

    /// The interface of every machine on one of them.
    static let interface = "eth0"

    /// None of them.
    static let none = ToolNetworks()

    private init() {}

    init(
        _ containerlab: ContainerlabTopology?, _ kind: KindCluster?, cluster: String, _ diagnostics: inout Diagnostics
    ) {
        if let kind { addKind(kind, cluster) }
        let nodes = containerlab?.nodes.filter { members[$0.name] == nil && $0.isManaged } ?? []
        guard let containerlab, !nodes.isEmpty else { return }
        let management = containerlab.management
        if management.name == KindNetwork.name {
            // The network that kind's nodes are on, or would be.
            if segments.isEmpty { addSegment(KindNetwork.name, KindNetwork.gateways, isManagement: true) }
        } else {
            addSegment(
                management.name, management.gateways(&diagnostics), isManagement: true, mtu: management.mtu)
        }
        assign(nodes, management, &diagnostics)
    }

    private mutating func addSegment(
        _ name: String, _ gateways: [InterfaceAddress], isManagement: Bool, mtu: UInt32? = nil
    ) {
        segments.append(Segment(name: name, gateways: gateways, isManagement: isManagement, mtu: mtu))
    }

    private mutating func addKind(_ kind: KindCluster, _ cluster: String) {
        addSegment(KindNetwork.name, KindNetwork.gateways, isManagement: false)
        let names = kind.nodeNames(cluster: cluster)
        for (index, name) in names.enumerated() {
            members[name] = Member(segment: 0, addresses: KindNetwork.addresses(at: index + 2))
        }
        // `config.ClusterHasImplicitLoadBalancer` in kind's pkg/cluster/internal/providers/docker/provision.go.
        guard kind.nodes.count(where: \.isControlPlane) > 1 else { return }
        let name = "\(cluster)-external-load-balancer"
        members[name] = Member(segment: 0, addresses: KindNetwork.addresses(at: names.count + 2))
        balancer = name
    }

    /// Gives nodes the addresses that they ask for, and the others those that are free, in their order.
    private mutating func assign(
        _ nodes: [ContainerlabTopology.Node], _ management: ContainerlabTopology.Management,
        _ diagnostics: inout Diagnostics
    ) {
        let segment = segments.count - 1
        var taken = Set(members.values.flatMap(\.addresses).map(\.address))
        var addresses: [String: [InterfaceAddress]] = [:]
        for gateway in segments[segment].gateways {
            taken.insert(gateway.address)
            for node in nodes {
                guard let asked = gateway.family == .ipv4 ? node.managementIPv4 : node.managementIPv6 else { continue }
                guard gateway.prefix.contains(asked.value), taken.insert(asked.value).inserted else {
                    diagnostics.warn(
                        at: asked.place,
                        "\(node.name): \(asked.value) is \(taken.contains(asked.value) ? "somebody else's" : "not in \(gateway.prefix), the management network's range"); it gets another address"
                    )
                    continue
                }
                addresses[node.name, default: []].append(
                    InterfaceAddress(asked.value, prefixLength: gateway.prefixLength))
            }
            let range = management.range(gateway.family) ?? gateway.prefix
            var number: UInt128 = range.address == gateway.prefix.address ? 1 : 0
            for node in nodes where addresses[node.name]?.contains(where: { $0.family == gateway.family }) != true {
                var free: IPAddress?
                while free == nil, let next = range.address(at: number), next != range.lastAddress {
                    if taken.insert(next).inserted { free = next }
                    number += 1
                }
                guard let free else {
                    diagnostics.warn(
                        at: node.place, "\(node.name): there is no free address in \(range) on the management network")
                    continue
                }
                addresses[node.name, default: []].append(InterfaceAddress(free, prefixLength: gateway.prefixLength))
            }
        }
        for node in nodes {
            members[node.name] = Member(segment: segment, addresses: addresses[node.name] ?? [])
        }
    }

    /// The interface that a machine has on its network, and its routes over it; nil for a machine on none.
    func attachment(of name: String) -> (interface: Node.Interface, routes: [StaticRoute])? {
        guard let member = members[name] else { return nil }
        let segment = segments[member.segment]
        let routes = segment.gateways.filter { gateway in member.addresses.contains { $0.family == gateway.family } }
            .map { StaticRoute(.all($0.family), .gateway($0.address, interface: Self.interface)) }
        return (Node.Interface(name: Self.interface, addresses: member.addresses), routes)
    }

    /// What a template is told of a node's addresses.
    func managementAddresses(of name: String) -> ManagementAddresses {
        guard let member = members[name] else { return .none }
        func first(_ addresses: [InterfaceAddress], _ family: AddressFamily) -> InterfaceAddress? {
            addresses.first { $0.family == family }
        }
        let gateways = segments[member.segment].gateways
        return ManagementAddresses(
            ipv4: first(member.addresses, .ipv4), ipv6: first(member.addresses, .ipv6),
            ipv4Gateway: first(gateways, .ipv4)?.address, ipv6Gateway: first(gateways, .ipv6)?.address)
    }
}
