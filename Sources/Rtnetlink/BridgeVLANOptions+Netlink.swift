import Addresses
internal import CLinux
internal import Glibc
import Netlink
import NetworkObjects

extension RouteSocket {
    /// Options of single VLANs of a bridge or its ports that are not as they are in a VLAN that is new (`bridge vlan set`).
    mutating func bridgeVLANOptions(in table: InterfaceTable) throws(NetlinkError) -> [OpaqueObject] {
        do {
            return try socket.dump(RTM_GETVLAN) { request in
                request.append(structure: br_vlan_msg(family: UInt8(AF_BRIDGE), reserved1: 0, reserved2: 0, ifindex: 0))
            } decode: { message throws(MalformedMessage) in
                try OpaqueObject.optionsOfVLANs(message, in: table)
            }.flatMap(\.self)
        } catch {
            // A kernel without VLAN filtering, or one in which no bridge has been made yet, has none.
            guard error.isUnsupported else { throw error }
            return []
        }
    }
}

/// An option that a VLAN has at a port (`BRIDGE_VLANDB_ENTRY_*`).
private struct VLANOption {
    var number: Int
    /// What `bridge vlan set` calls it.
    var name: String
    /// Its value in a VLAN that is new.
    var untouched: [UInt8]

    static let all: [VLANOption] = [
        VLANOption(number: BRIDGE_VLANDB_ENTRY_STATE, name: "state", untouched: [UInt8(BR_STATE_FORWARDING)]),
        // MDB_RTR_TYPE_TEMP_QUERY
        VLANOption(number: BRIDGE_VLANDB_ENTRY_MCAST_ROUTER, name: "mcast_router", untouched: [1]),
        // BRIDGE_VLANDB_ENTRY_MCAST_MAX_GROUPS since Linux 6.3 and BRIDGE_VLANDB_ENTRY_NEIGH_SUPPRESS since 6.4; older headers lack
        // them.
        VLANOption(number: 8, name: "mcast_max_groups", untouched: [0, 0, 0, 0]),
        VLANOption(number: 9, name: "neigh_suppress", untouched: [0]),
    ]
}

extension OpaqueObject {
    /// Reads an `RTM_NEWVLAN`.
    fileprivate static func optionsOfVLANs(
        _ message: Message, in table: InterfaceTable
    ) throws(MalformedMessage) -> [OpaqueObject]? {
        guard message.type == RTM_NEWVLAN else { return nil }
        let header = try message.header(br_vlan_msg.self)
        let device = table[InterfaceIndex(bitPattern: header.ifindex)]
        var found: [OpaqueObject] = []
        for entry in try message.attributes(after: br_vlan_msg.self) where entry.type == BRIDGE_VLANDB_ENTRY {
            var (info, last) = (bridge_vlan_info(), nil as UInt16?)
            var changed: [(option: VLANOption, bytes: [UInt8])] = []
            for attribute in try entry.nested() {
                switch attribute.type {
                case BRIDGE_VLANDB_ENTRY_INFO: info = try attribute.structure(bridge_vlan_info.self)
                case BRIDGE_VLANDB_ENTRY_RANGE: last = try attribute.integer()
                default:
                    guard let option = VLANOption.all.first(where: { $0.number == attribute.type }),
                        Array(attribute.bytes) != option.untouched
                    else { continue }
                    changed.append((option, Array(attribute.bytes)))
                }
            }
            if changed.isEmpty { continue }
            let words = changed.map { "\($0.option.name) \(OtherAttributes.words($0.bytes))" }.joined(separator: " ")
            let range = last.map { "\(info.vid)-\($0)" } ?? "\(info.vid)"
            var batch = RequestBatch(capacity: 256)
            batch.append(0) { request in
                request.append(structure: header)
                request.nested(BRIDGE_VLANDB_ENTRY) { entry in
                    // The VLAN itself stays as it is.
                    let only = bridge_vlan_info(flags: UInt16(BRIDGE_VLAN_INFO_ONLY_OPTS), vid: info.vid)
                    entry.put(BRIDGE_VLANDB_ENTRY_INFO, structure: only)
                    if let last { entry.put(BRIDGE_VLANDB_ENTRY_RANGE, last) }
                    for (option, _) in changed {
                        entry.attribute(option.number) { value in for byte in option.untouched { value.append(byte) } }
                    }
                }
            }
            found.append(
                OpaqueObject(
                    "bridge vlan options", "vid \(range) dev \(device.map { "\($0)" } ?? "\(header.ifindex)") \(words)",
                    link: device,
                    removal: Removal(
                        netlinkProtocol: NETLINK_ROUTE, type: RTM_NEWVLAN,
                        payload: Array(batch.bytes.dropFirst(MemoryLayout<nlmsghdr>.size)))))
        }
        return found
    }
}
