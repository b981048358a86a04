import Addresses
import NetworkObjects
import Topology

/// Where tagged frames go on a kernel without 802.1Q links: each VLAN that both ends of a cable tag gets a veth of its
/// own beside the cable's, so that packets take the same way in the same form but for the tag.
struct TaggedCables {
    /// An interface of a device that takes the tagged frames of one VLAN.
    private struct Key: Hashable {
        var device: String
        var interface: String
    }

    private var peers: [Key: VethPeer] = [:]
    /// The ends whose tagged frames would go to something that takes all tags: no veth can stand for that.
    private(set) var impossible: Set<Endpoint> = []
    /// What a user should know.
    private(set) var notes: [String] = []

    init(_ topology: Topology, _ features: KernelFeatures) {
        if features.contains(.vlanLinks) { return }
        let routers = Dictionary(topology.routers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var machines: [String: [Node.Interface]] = [:]
        for node in topology.nodes where machines[node.name] == nil { machines[node.name] = node.interfaces }
        for host in topology.hosts where machines[host.name] == nil { machines[host.name] = host.interfaces }
        let networks = Set(topology.networks.map(\.name))

        func tags(at end: Endpoint) -> [(vlan: UInt16, interface: String)] {
            if let router = routers[end.device], let port = router.ports.first(where: { $0.name == end.interface }) {
                return Self.tags(of: port, router)
            }
            return (machines[end.device] ?? []).compactMap { interface in
                guard case .vlan(let parent, let id) = interface.kind, parent == end.interface else { return nil }
                return (id, interface.name)
            }
        }

        for cable in topology.cables where cable.ends.count == 2 {
            let sides = cable.ends.map { tags(at: $0) }
            for (near, far) in [(0, 1), (1, 0)] where !sides[near].isEmpty && networks.contains(cable.ends[far].device)
            {
                impossible.insert(cable.ends[near])
            }
            var shared: [UInt16] = []
            for (vlan, interface) in sides[0] {
                guard let other = sides[1].first(where: { $0.vlan == vlan }),
                    let (first, second) = Self.both(InterfaceName(interface), InterfaceName(other.interface))
                else { continue }
                let (one, two) = (cable.ends[0].device, cable.ends[1].device)
                peers[Key(device: one, interface: interface)] = VethPeer(namespace: two, name: second)
                peers[Key(device: two, interface: other.interface)] = VethPeer(namespace: one, name: first)
                shared.append(vlan)
            }
            if !shared.isEmpty {
                let list = shared.map(String.init).joined(separator: ", ")
                notes.append(
                    "\(cable.ends[0]) – \(cable.ends[1]): this kernel has no 802.1Q links, so VLAN \(list) has a veth of "
                        + "its own beside the cable and goes without a tag.")
            }
        }
    }

    private static func both(
        _ first: InterfaceName?, _ second: InterfaceName?
    ) -> (InterfaceName, InterfaceName)? {
        guard let first, let second else { return nil }
        return (first, second)
    }

    /// The VLANs whose frames a port tags, with the interface that each has there.
    private static func tags(of port: Router.Port, _ router: Router) -> [(vlan: UInt16, interface: String)] {
        switch port.mode {
        case .access: return []
        case .trunk(let allowed, let native):
            let known = RouterContent.allVLANs(of: router).map(\.id)
            return known.filter { id in id != native && allowed.contains { $0.contains(id) } }
                .map { ($0, "\(port.name).\($0)") }
        case .routed(_, let subinterfaces): return subinterfaces.map { ($0.vlan, "\(port.name).\($0.number)") }
        }
    }

    /// The other end of the veth that stands for the tagged frames of an interface; nil where they are not taken.
    func peer(of device: String, _ interface: String) -> VethPeer? {
        peers[Key(device: device, interface: interface)]
    }

    /// What stands for an 802.1Q link: its own veth, or, where its frames are not taken, a bridge without ports.
    func substitute(_ name: InterfaceName, of device: String) -> Link.Kind {
        peer(of: device, name.description).map { .veth(peer: $0) } ?? .bridge(Bridge())
    }
}
