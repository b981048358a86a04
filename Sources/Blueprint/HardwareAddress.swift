import Addresses
import Calico
import NetworkObjects

extension Link {
    /// A bridge with an address of its own.
    ///
    /// Without one a bridge takes the lowest of its ports' (`br_stp_recalculate_bridge_id` in net/bridge/br_stp_if.c), and another
    /// when a port goes or is made again: then all who know the gateway by the former one are not heard until they ask again,
    /// which takes a neighbour up to 30 seconds. A switch's SVI keeps its address.
    ///
    /// - Parameter machine: the router, node or host that the bridge is in.
    static func bridge(
        _ name: InterfaceName, _ bridge: Bridge = Bridge(), of machine: String, mtu: UInt32? = nil
    ) -> Link {
        Link(name, .bridge(bridge), mac: MACAddress(of: name, at: machine), mtu: mtu)
    }
}

extension MACAddress {
    /// An address that a link has in every lab in which it and its machine have these names.
    init(of link: InterfaceName, at machine: String) {
        // 02: locally administered, one station (IEEE 802, 8.2.2).
        let digest = SHA1.digest("\(machine) \(link)".utf8)
        self.init(digest[..<5].reduce(0x02) { $0 << 8 | UInt64($1) })
    }
}

extension Blueprint {
    /// Gives the links that carry frames of their own, and that have no MAC address, one that the kernel does not draw: so that a lab
    /// is the same one each time, with the link-local addresses that are made of it.
    mutating func chooseHardwareAddresses() {
        for index in namespaces.indices { namespaces[index].chooseHardwareAddresses() }
    }

    /// Leaves the MAC addresses to the kernel that `chooseHardwareAddresses` has chosen, but for those of bridges, which never were the
    /// kernel's: for a lab that was made before they were chosen.
    public mutating func forgetChosenHardwareAddresses() {
        if allocations.permanentNeighbours == true { return }
        for index in namespaces.indices { namespaces[index].forgetChosenHardwareAddresses() }
    }
}

extension Blueprint.Namespace {
    /// The kernel gives a VLAN link its parent's.
    fileprivate mutating func chooseHardwareAddresses() {
        for index in content.links.indices where content.links[index].mac == nil {
            switch content.links[index].kind {
            case .veth, .bridge: content.links[index].mac = MACAddress(of: content.links[index].name, at: name)
            case .vlan, .vxlan, .ipip, .loopback, .other: break
            }
        }
        for index in content.links.indices where content.links[index].mac == nil {
            guard case .vlan(let vlan) = content.links[index].kind else { continue }
            content.links[index].mac = content.links.first { $0.name == vlan.parent }?.mac
        }
    }

    fileprivate mutating func forgetChosenHardwareAddresses() {
        let chosen = Set(
            content.links.filter { link in
                guard case .veth = link.kind else { return false }
                return link.mac == MACAddress(of: link.name, at: name)
            }.compactMap(\.mac))
        for index in content.links.indices {
            guard let mac = content.links[index].mac, chosen.contains(mac) else { continue }
            switch content.links[index].kind {
            case .veth, .vlan: content.links[index].mac = nil
            case .bridge, .vxlan, .ipip, .loopback, .other: break
            }
        }
    }
}
