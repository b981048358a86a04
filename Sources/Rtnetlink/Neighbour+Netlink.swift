import Addresses
internal import CLinux
public import Netlink
import NetworkObjects

extension Neighbour: RouteObject {
    public static func all(_ socket: inout RouteSocket, in table: InterfaceTable) throws(NetlinkError) -> [Neighbour] {
        try socket.neighbours(in: table)
    }

    public func append(
        _ change: ObjectChange, to batch: inout RouteBatch, in table: InterfaceTable
    ) throws(RequestError) {
        let index = try table.index(of: device)
        batch.requests.append(change.type(RTM_NEWNEIGH, RTM_DELNEIGH), change.flags) { message in
            var header = ndmsg()
            header.ndm_family = address.family.number
            header.ndm_ifindex = index
            header.ndm_state = state.rawValue
            message.append(structure: header)
            message.put(NDA_DST, address)
            if let mac { message.put(NDA_LLADDR, mac) }
        }
    }
}

extension Neighbour {
    /// Reads an `RTM_NEWNEIGH` of the neighbour tables.
    ///
    /// - Returns: nil for another message, another family (a forwarding entry is one), or a link the table does not know.
    static func decode(_ message: Message, in table: InterfaceTable) throws(MalformedMessage) -> Neighbour? {
        guard message.type == RTM_NEWNEIGH else { return nil }
        let header = try message.header(ndmsg.self)
        guard let family = AddressFamily(number: header.ndm_family) else { return nil }
        var (address, mac): (IPAddress?, MACAddress?) = (nil, nil)
        for attribute in try message.attributes(after: ndmsg.self) {
            switch attribute.type {
            case NDA_DST: address = try attribute.address()
            case NDA_LLADDR: mac = attribute.mac
            default: break
            }
        }
        guard let address else { throw .missing(attribute: NDA_DST) }
        guard address.family == family else { throw .value(attribute: NDA_DST, length: address.family.bits / 8) }
        guard let device = table[header.ndm_ifindex] else { return nil }
        return Neighbour(device, address, mac: mac, state: State(rawValue: header.ndm_state))
    }
}

extension CacheInfo {
    /// The ages in an `RTM_NEWNEIGH`; nil if it has none.
    init?(_ message: Message) throws(MalformedMessage) {
        guard let attribute = try message.attributes(after: ndmsg.self).first(where: { $0.type == NDA_CACHEINFO })
        else {
            return nil
        }
        let ages = try attribute.structure(nda_cacheinfo.self)
        // clock_t: hundredths of a second in every message to user space (USER_HZ, time(7)).
        self.init(
            used: Double(ages.ndm_used) / 100, confirmed: Double(ages.ndm_confirmed) / 100,
            updated: Double(ages.ndm_updated) / 100)
    }
}
