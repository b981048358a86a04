import Addresses
internal import CLinux
internal import Glibc
public import Netlink
import NetworkObjects

extension RouteSocket {
    /// The counters of all links.
    public mutating func linkCounters() throws(NetlinkError) -> [InterfaceName: LinkCounters] {
        let all = try socket.dump(RTM_GETLINK) { request in
            request.append(structure: ifinfomsg())
        } decode: { message throws(MalformedMessage) in
            try LinkCounters.decode(message)
        }
        return Dictionary(all.map { ($0.name, $0.counters) }, uniquingKeysWith: { first, _ in first })
    }
}

extension LinkCounters {
    /// Reads the counters of an `RTM_NEWLINK`; nil for another message, and for a link that counts nothing.
    static func decode(_ message: Message) throws(MalformedMessage) -> (name: InterfaceName, counters: LinkCounters)? {
        guard message.type == RTM_NEWLINK else { return nil }
        guard Int32(try message.header(ifinfomsg.self).ifi_family) == AF_UNSPEC else { return nil }
        var name: InterfaceName?
        var words: [UInt64] = []
        var changes: UInt32 = 0
        for attribute in try message.attributes(after: ifinfomsg.self) {
            switch attribute.type {
            case IFLA_IFNAME: name = InterfaceName(bytes: attribute.bytes)
            case IFLA_CARRIER_CHANGES: changes = try attribute.integer()
            case IFLA_STATS64:
                // Newer kernels have more numbers at the end.
                words = attribute.bytes.withUnsafeBytes { bytes in
                    (0..<bytes.count / 8).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self) }
                }
                guard words.count >= 10 else { throw attribute.wrongSize }
            default: break
            }
        }
        guard let name, words.count >= 10 else { return nil }
        return (
            name,
            LinkCounters(
                received: Direction(packets: words[0], bytes: words[2], errors: words[4], dropped: words[6]),
                sent: Direction(packets: words[1], bytes: words[3], errors: words[5], dropped: words[7]),
                receivedMulticast: words[8], collisions: words[9], carrierChanges: changes)
        )
    }
}
