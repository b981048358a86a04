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
