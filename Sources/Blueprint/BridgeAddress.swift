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
        // 02: locally administered, one station (IEEE 802, 8.2.2).
        let digest = SHA1.digest("\(machine) \(name)".utf8)
        let mac = MACAddress(digest[..<5].reduce(0x02) { $0 << 8 | UInt64($1) })
        return Link(name, .bridge(bridge), mac: mac, mtu: mtu)
    }
}
