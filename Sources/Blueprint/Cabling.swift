import Addresses
import NetworkObjects
import Topology

/// The cables of a topology, found by the device they lead to.
struct Cabling {
    /// One end of a cable, as the device that has it sees it.
    struct End {
        /// The interface at this end.
        let interface: InterfaceName
        /// The other end.
        let peer: VethPeer
        /// The MTU of both ends in bytes, unless they say otherwise.
        let mtu: UInt32

        /// The veth at this end.
        func link(_ name: InterfaceName? = nil, mtu own: UInt32?, master: InterfaceName? = nil, isUp: Bool = true)
            -> Link
        {
            Link(name ?? interface, .veth(peer: peer), mtu: own ?? mtu, master: master, isUp: isUp)
        }
    }

    /// Ethernet's MTU in bytes.
    static let ethernetMTU: UInt32 = 1500

    private var endsByDevice: [String: [(name: String, end: End)]] = [:]
    /// Where tagged frames go without 802.1Q links.
    let tagged: TaggedCables

    init(_ topology: Topology, _ features: KernelFeatures, problems: inout [BlueprintError.Problem]) {
        tagged = TaggedCables(topology, features)
        var devices: Set<String> = []
        for name in topology.routers.map(\.name) + topology.networks.map(\.name) + topology.nodes.map(\.name)
            + topology.hosts.map(\.name)
        {
            if !devices.insert(name).inserted { problems.append(.sameName(name)) }
        }
        var used: Set<Endpoint> = []
        for cable in topology.cables {
            var names: [InterfaceName] = []
            for end in cable.ends {
                if !devices.contains(end.device) { problems.append(.noSuchDevice(end)) }
                if !used.insert(end).inserted { problems.append(.secondCable(end)) }
                guard let name = InterfaceName(end.interface) else {
                    problems.append(.interfaceName(end))
                    continue
                }
                names.append(name)
            }
            guard names.count == 2 else { continue }
            for (near, far) in [(0, 1), (1, 0)] {
                let end = End(
                    interface: names[near], peer: VethPeer(namespace: cable.ends[far].device, name: names[far]),
                    mtu: cable.mtu ?? Self.ethernetMTU)
                endsByDevice[cable.ends[near].device, default: []].append((cable.ends[near].interface, end))
            }
        }
    }

    /// The end of a cable at an interface of a device.
    func end(at device: String, _ interface: String) -> End? {
        endsByDevice[device]?.first { $0.name == interface }?.end
    }

    /// All ends at a device, in the order of the cables.
    func ends(at device: String) -> [(name: String, end: End)] { endsByDevice[device] ?? [] }
}
