import Addresses
internal import CLinux
public import Netlink
import NetworkObjects

extension ProxyNeighbour: RouteObject {
    public static func all(
        _ socket: inout RouteSocket, in table: InterfaceTable
    ) throws(NetlinkError) -> [ProxyNeighbour] {
        try socket.socket.dump(RTM_GETNEIGH) { request in
            var header = ndmsg()
            header.ndm_flags = UInt8(NTF_PROXY)
            request.append(structure: header)
        } decode: { message throws(MalformedMessage) in
            try decode(message, in: table)
        }
    }

    public func append(
        _ change: ObjectChange, to batch: inout RouteBatch, in table: InterfaceTable
    ) throws(RequestError) {
        let index = try device.map { name throws(RequestError) in try table.index(of: name) }
        batch.requests.append(change.type(RTM_NEWNEIGH, RTM_DELNEIGH), change.flags) { message in
            var header = ndmsg()
            header.ndm_family = address.family.number
            header.ndm_ifindex = index ?? 0
            header.ndm_flags = UInt8(NTF_PROXY)
            message.append(structure: header)
            message.put(NDA_DST, address)
        }
    }

    /// Reads an `RTM_NEWNEIGH` of the tables of those that are answered for.
    static func decode(_ message: Message, in table: InterfaceTable) throws(MalformedMessage) -> ProxyNeighbour? {
        guard message.type == RTM_NEWNEIGH else { return nil }
        let header = try message.header(ndmsg.self)
        guard Int32(header.ndm_flags) & NTF_PROXY != 0 else { return nil }
        for attribute in try message.attributes(after: ndmsg.self) where attribute.type == NDA_DST {
            return ProxyNeighbour(table[header.ndm_ifindex], try attribute.address())
        }
        throw .missing(attribute: NDA_DST)
    }
}
