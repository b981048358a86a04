import Addresses
internal import CLinux
internal import Glibc
public import Netlink
import NetworkObjects

extension ForwardingEntry: RouteObject {
    public static func all(
        _ socket: inout RouteSocket, in table: InterfaceTable
    ) throws(NetlinkError) -> [ForwardingEntry] {
        try socket.forwardingEntries(in: table)
    }

    public func append(
        _ change: ObjectChange, to batch: inout RouteBatch, in table: InterfaceTable
    ) throws(RequestError) {
        try append(change.type(RTM_NEWNEIGH, RTM_DELNEIGH), change.flags, to: &batch, in: table)
    }

    fileprivate func append(
        _ type: Int, _ flags: RequestFlags, to batch: inout RouteBatch, in table: InterfaceTable
    ) throws(RequestError) {
        let index = try table.index(of: device)
        batch.requests.append(type, flags) { message in
            var header = ndmsg()
            header.ndm_family = UInt8(AF_BRIDGE)
            header.ndm_ifindex = index
            header.ndm_flags = UInt8(isSelf ? NTF_SELF : NTF_MASTER)
            header.ndm_state = messageState.rawValue
            message.append(structure: header)
            message.put(NDA_LLADDR, mac)
            if let destination { message.put(NDA_DST, destination) }
            if let vlan { message.put(NDA_VLAN, vlan) }
            message.put(others)
        }
    }
}

extension RouteBatch {
    /// Adds one more destination to a MAC address: how `00:00:00:00:00:00` on a VXLAN device lists where to flood.
    public mutating func appendDestination(
        _ entry: ForwardingEntry, in table: InterfaceTable
    ) throws(RequestError) {
        try entry.append(RTM_NEWNEIGH, [.create, .append], to: &self, in: table)
    }
}

extension ForwardingEntry {
    /// What stays is `permanent` in a device's own table. In a bridge's table that word means the bridge's own addresses,
    /// and an entry for another host that stays is `static`, which is `noARP` in the message.
    fileprivate var messageState: Neighbour.State {
        if !isPermanent { return .reachable }
        return isSelf ? .permanent : .noARP
    }

    /// Reads an `RTM_NEWNEIGH` of the forwarding databases.
    ///
    /// - Returns: nil for another message, another family, a link that the table does not know, or no MAC address.
    static func decode(_ message: Message, in table: InterfaceTable) throws(MalformedMessage) -> ForwardingEntry? {
        guard message.type == RTM_NEWNEIGH else { return nil }
        let header = try message.header(ndmsg.self)
        guard Int32(header.ndm_family) == AF_BRIDGE else { return nil }
        var (mac, destination, vlan): (MACAddress?, IPAddress?, UInt16?) = (nil, nil, nil)
        var others = OtherAttributes()
        for attribute in try message.attributes(after: ndmsg.self) {
            switch attribute.type {
            case NDA_LLADDR: mac = attribute.mac
            case NDA_DST: destination = try attribute.address()
            case NDA_VLAN: vlan = try attribute.integer()
            case let type where attributeNames[type] != nil: others[type] = Array(attribute.bytes)
            default: break
            }
        }
        guard let mac, let device = table[header.ndm_ifindex] else { return nil }
        let state = Neighbour.State(rawValue: header.ndm_state)
        var entry = ForwardingEntry(
            device, mac, destination: destination, vlan: vlan, isSelf: Int32(header.ndm_flags) & NTF_SELF != 0,
            isPermanent: !state.isDisjoint(with: [.permanent, .noARP]))
        entry.others = others
        entry.isLocal = !entry.isSelf && state.contains(.permanent)
        return entry
    }
}
