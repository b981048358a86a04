import Addresses
internal import CLinux
internal import Glibc
public import Netlink
import NetworkObjects

extension BridgeVLAN: RouteObject {
    public static func all(_ socket: inout RouteSocket, in table: InterfaceTable) throws(NetlinkError) -> [BridgeVLAN] {
        try socket.bridgeVLANs(in: table)
    }

    /// The kernel has no other way to change a VLAN than to add it. One without VLAN filtering refuses it (EOPNOTSUPP).
    public func append(
        _ change: ObjectChange, to batch: inout RouteBatch, in table: InterfaceTable
    ) throws(RequestError) {
        let index = try table.index(of: device)
        batch.requests.append(change.type(RTM_SETLINK, RTM_DELLINK)) { message in
            message.append(structure: ifinfomsg(family: AF_BRIDGE, index: index))
            message.nested(IFLA_AF_SPEC) { specification in
                // Without this attribute the request goes to the port's bridge, which the bridge itself does not have.
                if isSelf { specification.put(IFLA_BRIDGE_FLAGS, UInt16(BRIDGE_FLAGS_SELF)) }
                specification.put(
                    IFLA_BRIDGE_VLAN_INFO, structure: bridge_vlan_info(flags: messageFlags, vid: id))
            }
        }
    }
}

extension BridgeVLAN {
    fileprivate var messageFlags: UInt16 {
        UInt16((isPVID ? BRIDGE_VLAN_INFO_PVID : 0) | (isUntagged ? BRIDGE_VLAN_INFO_UNTAGGED : 0))
    }

    /// Reads the VLANs of an `RTM_NEWLINK` of the bridge family; a range counts as each of its VLANs.
    ///
    /// - Returns: nothing for another message, another family, or a link that the table does not know.
    static func decode(_ message: Message, in table: InterfaceTable) throws(MalformedMessage) -> [BridgeVLAN] {
        guard message.type == RTM_NEWLINK else { return [] }
        let header = try message.header(ifinfomsg.self)
        guard Int32(header.ifi_family) == AF_BRIDGE, let device = table[header.ifi_index] else { return [] }
        let attributes = try message.attributes(after: ifinfomsg.self)
        var master: InterfaceIndex?
        for attribute in attributes where attribute.type == IFLA_MASTER { master = try attribute.integer() }
        var vlans: [BridgeVLAN] = []
        for specification in attributes where specification.type == IFLA_AF_SPEC {
            var rangeStart: UInt16?
            for attribute in try specification.nested() where attribute.type == IFLA_BRIDGE_VLAN_INFO {
                let info = try attribute.structure(bridge_vlan_info.self)
                let flags = Int32(info.flags)
                if flags & BRIDGE_VLAN_INFO_RANGE_BEGIN != 0 {
                    rangeStart = info.vid
                    continue
                }
                let first = rangeStart ?? info.vid
                rangeStart = nil
                // VLAN numbers have twelve bits (IEEE 802.1Q); more in a range would be a mistake.
                guard first <= info.vid, info.vid < 4096 else { throw attribute.wrongSize }
                for id in first...info.vid {
                    // A bridge names itself as its master.
                    vlans.append(
                        BridgeVLAN(
                            device, id: id, isPVID: flags & BRIDGE_VLAN_INFO_PVID != 0,
                            isUntagged: flags & BRIDGE_VLAN_INFO_UNTAGGED != 0, isSelf: master == header.ifi_index))
                }
            }
        }
        return vlans
    }
}
