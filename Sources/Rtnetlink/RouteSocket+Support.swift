import Addresses
internal import CLinux
internal import Glibc
public import Netlink
import NetworkObjects

/// What the kernel can do, asked without anything being made: taking a device away again costs the kernel tens of
/// milliseconds.
extension RouteSocket {
    /// Whether the kernel knows links of a kind, such as `bridge`, `vlan` or `vxlan`. It loads the kind's module if it has one.
    ///
    /// The request names a MAC address that no Ethernet device may have, which a kind that is known refuses
    /// (EADDRNOTAVAIL, `br_validate` and its like), and one that is not known does not come to (EOPNOTSUPP,
    /// net/core/rtnetlink.c).
    ///
    /// - Throws: what `execute` throws, but for `refused`.
    public mutating func supports(linkKind kind: String) throws(NetlinkError) -> Bool {
        var batch = RouteBatch(capacity: 256)
        batch.requests.append(RTM_NEWLINK, ObjectChange.add.flags) { message in
            message.append(structure: ifinfomsg())
            message.put(IFLA_ADDRESS, structure: MACAddress.groupBit)
            message.nested(IFLA_LINKINFO) { info in
                info.put(IFLA_INFO_KIND, text: kind)
                // A tunnel of IPv4 does not look at the MAC address, and refuses to carry IPv6 (`ipip_tunnel_validate`).
                if kind == "ipip" {
                    info.nested(IFLA_INFO_DATA) { $0.put(IFLA_IPTUN_PROTO, UInt8(IPPROTO_IPV6)) }
                }
            }
        }
        do {
            try execute(&batch)
        } catch {
            guard case .refused(let failures) = error, let failure = failures.first else { throw error }
            return failure.errno != EOPNOTSUPP
        }
        return true
    }

    /// Whether bridges can filter VLANs (`CONFIG_BRIDGE_VLAN_FILTERING`), which kernels since 5.6 tell by answering
    /// `RTM_GETVLAN` (`br_vlan_rtnl_init`). False too as long as no bridge module is loaded.
    ///
    /// - Throws: what `execute` throws, but for `refused`.
    public mutating func filtersBridgeVLANs() throws(NetlinkError) -> Bool {
        do {
            let _: [Never] = try socket.dump(RTM_GETVLAN) { request in
                request.append(structure: br_vlan_msg(family: UInt8(AF_BRIDGE), reserved1: 0, reserved2: 0, ifindex: 0))
            } decode: { _ in
                nil
            }
        } catch {
            guard case .refused = error else { throw error }
            return false
        }
        return true
    }
}

extension MACAddress {
    /// An address that is no device's own: the bit for groups is set.
    fileprivate static var groupBit: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8) { (1, 0, 0, 0, 0, 0) }
}
