import Addresses
internal import CLinux
internal import Glibc
internal import Netlink
import NetworkObjects

extension RouteBatch {
    /// Adds an entry; refused if the table has one for that MAC address (EEXIST).
    public mutating func add(_ entry: ForwardingEntry, in table: InterfaceTable) throws(RequestError) {
        try append(RTM_NEWNEIGH, .new, entry, table)
    }

    /// Adds an entry, or puts it in the place of the one for that MAC address.
    public mutating func replace(_ entry: ForwardingEntry, in table: InterfaceTable) throws(RequestError) {
        try append(RTM_NEWNEIGH, .upsert, entry, table)
    }

    /// Adds one more destination to a MAC address: how `00:00:00:00:00:00` on a VXLAN device lists where to flood.
    public mutating func appendDestination(
        _ entry: ForwardingEntry, in table: InterfaceTable
    ) throws(RequestError) {
        try append(RTM_NEWNEIGH, [.create, .append], entry, table)
    }

    /// Deletes an entry.
    public mutating func delete(_ entry: ForwardingEntry, in table: InterfaceTable) throws(RequestError) {
        try append(RTM_DELNEIGH, [], entry, table)
    }

    private mutating func append(
        _ type: Int, _ flags: RequestFlags, _ entry: ForwardingEntry, _ table: InterfaceTable
    ) throws(RequestError) {
        let index = try table.index(of: entry.device)
        requests.append(type, flags) { message in
            var header = ndmsg()
            header.ndm_family = UInt8(AF_BRIDGE)
            header.ndm_ifindex = index
            header.ndm_flags = UInt8(entry.isSelf ? NTF_SELF : NTF_MASTER)
            header.ndm_state = entry.messageState.rawValue
            message.append(structure: header)
            message.put(NDA_LLADDR, entry.mac)
            if let destination = entry.destination { message.put(NDA_DST, destination) }
            if let vlan = entry.vlan { message.put(NDA_VLAN, vlan) }
        }
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
        for attribute in try message.attributes(after: ndmsg.self) {
            switch attribute.type {
            case NDA_LLADDR: mac = attribute.mac
            case NDA_DST: destination = try attribute.address()
            case NDA_VLAN: vlan = try attribute.integer()
            default: break
            }
        }
        guard let mac, let device = table[header.ndm_ifindex] else { return nil }
        let state = Neighbour.State(rawValue: header.ndm_state)
        var entry = ForwardingEntry(
            device, mac, destination: destination, vlan: vlan, isSelf: Int32(header.ndm_flags) & NTF_SELF != 0,
            isPermanent: !state.isDisjoint(with: [.permanent, .noARP]))
        entry.isLocal = !entry.isSelf && state.contains(.permanent)
        return entry
    }
}
