import Addresses
internal import CLinux
internal import Glibc
import Netlink
import NetworkObjects

/// A kind of object that a family of generic netlink keeps for a namespace: how it is listed, named and removed.
private struct GenericKind: Sendable {
    var family: String
    var name: String
    /// The command that lists all, and the one that removes one.
    var list: Int
    var delete: Int
    /// The attributes of an object that name it to the kernel.
    var keys: Set<Int>
    /// What the object is called, by those attributes.
    var words: @Sendable (Attributes) throws(MalformedMessage) -> String

    static let all: [GenericKind] = [
        GenericKind(
            family: MPTCP_PM_NAME, name: "mptcp endpoint", list: MPTCP_PM_CMD_GET_ADDR,
            delete: MPTCP_PM_CMD_DEL_ADDR, keys: [MPTCP_PM_ATTR_ADDR]
        ) { attributes throws(MalformedMessage) in
            var words: [String] = []
            guard let address = attributes.first else { return "" }
            for part in try address.nested() {
                switch part.type {
                case MPTCP_PM_ADDR_ATTR_ID: words.append("id \(try part.integer(UInt8.self))")
                case MPTCP_PM_ADDR_ATTR_ADDR4, MPTCP_PM_ADDR_ATTR_ADDR6:
                    words.append("\(try part.address())")
                default: break
                }
            }
            return words.joined(separator: " ")
        },
        // linux/ioam6_genl.h: IOAM6_CMD_DUMP_NAMESPACES, IOAM6_CMD_DEL_NAMESPACE, IOAM6_ATTR_NS_ID, and the same of schemas.
        GenericKind(family: "IOAM6", name: "ioam namespace", list: 3, delete: 2, keys: [1], words: number),
        GenericKind(family: "IOAM6", name: "ioam schema", list: 6, delete: 5, keys: [4], words: number),
        GenericKind(
            family: FOU_GENL_NAME, name: "fou", list: FOU_CMD_GET, delete: FOU_CMD_DEL,
            keys: Set(1...FOU_ATTR_IFINDEX), words: bytes),
        GenericKind(
            family: IPVS_GENL_NAME, name: "ipvs service", list: IPVS_CMD_GET_SERVICE,
            delete: IPVS_CMD_DEL_SERVICE, keys: [IPVS_CMD_ATTR_SERVICE], words: bytes),
        // linux/l2tp.h: L2TP_CMD_TUNNEL_GET, L2TP_CMD_TUNNEL_DELETE, L2TP_ATTR_CONN_ID.
        GenericKind(family: "l2tp", name: "l2tp tunnel", list: 4, delete: 2, keys: [9], words: number),
    ]

    private static func number(_ attributes: Attributes) -> String {
        attributes.map { OtherAttributes.words(Array($0.bytes)) }.joined(separator: " ")
    }

    private static func bytes(_ attributes: Attributes) -> String {
        "0x" + attributes.flatMap(\.bytes).map { String(UInt16($0) | 0x100, radix: 16).dropFirst() }.joined()
    }
}

/// Values that such a family keeps for a namespace, and that can be put back.
private struct GenericValues: Sendable {
    var family: String
    var name: String
    var get: Int
    var set: Int

    static let all: [GenericValues] = [
        GenericValues(
            family: MPTCP_PM_NAME, name: "mptcp limits", get: MPTCP_PM_CMD_GET_LIMITS,
            set: MPTCP_PM_CMD_SET_LIMITS),
        // linux/seg6_genl.h: SEG6_CMD_GET_TUNSRC, SEG6_CMD_SET_TUNSRC.
        GenericValues(family: "SEG6", name: "sr tunsrc", get: 4, set: 3),
    ]
}

extension GenericSocket {
    /// The values that families keep for the namespace, by their names: what follows the messages' headers.
    public mutating func values(_ families: [String: GenericFamily]) throws(NetlinkError) -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        for kind in GenericValues.all {
            guard let family = families[kind.family] else { continue }
            do {
                let answers = try socket.replies(to: family.number) {
                    $0.append(structure: family.header(kind.get))
                }
                found[kind.name] = answers.first.map { Array($0.bytes.dropFirst(MemoryLayout<genlmsghdr>.size)) }
            } catch {
                // A family without the command.
                guard case .refused = error else { throw error }
            }
        }
        return found
    }

    /// What the families of the kernel keep for the namespace: endpoints of MPTCP, services of IPVS, and values that are not as in a
    /// namespace that nobody has touched.
    ///
    /// - Parameter fresh: those of such a namespace.
    public mutating func objects(
        _ families: [String: GenericFamily], unless fresh: [String: [UInt8]]
    ) throws(NetlinkError) -> OpaqueListing {
        var listing = OpaqueListing()
        for kind in GenericKind.all {
            guard let family = families[kind.family] else { continue }
            do {
                listing.objects += try socket.dump(family.number) {
                    $0.append(structure: family.header(kind.list))
                } decode: { message throws(MalformedMessage) -> OpaqueObject? in
                    guard message.type == family.number else { return nil }
                    return try OpaqueObject(message, kind, family)
                }
            } catch {
                guard case .refused = error else { throw error }
                listing.unlisted.append(kind.name)
            }
        }
        for (name, bytes) in try values(families).sorted(by: { $0.key < $1.key }) where bytes != fresh[name] {
            guard let kind = GenericValues.all.first(where: { $0.name == name }), let family = families[kind.family],
                let own = fresh[name]
            else { continue }
            let digits = bytes.map { String(UInt16($0) | 0x100, radix: 16).dropFirst() }.joined()
            listing.objects.append(
                OpaqueObject(name, "0x\(digits)", removal: family.request(kind.set, own)))
        }
        return listing
    }

    /// Forgets what TCP has learned of other hosts (`ip tcp_metrics flush`).
    public mutating func forgetTCPMetrics(_ families: [String: GenericFamily]) throws(NetlinkError) {
        // TCP_METRICS_CMD_DEL in linux/tcp_metrics.h; without an address it is all of them.
        guard let family = families["tcp_metrics"] else { return }
        _ = try socket.replies(to: family.number) { $0.append(structure: family.header(2)) }
    }
}

extension GenericFamily {
    fileprivate func request(_ command: Int, _ attributes: [UInt8]) -> OpaqueObject.Removal {
        let header = withUnsafeBytes(of: header(command)) { Array($0) }
        return OpaqueObject.Removal(netlinkProtocol: NETLINK_GENERIC, type: number, payload: header + attributes)
    }
}

extension OpaqueObject {
    fileprivate init(
        _ message: Message, _ kind: GenericKind, _ family: GenericFamily
    ) throws(MalformedMessage) {
        var keys: [UInt8] = []
        for attribute in try message.attributes(after: genlmsghdr.self) where kind.keys.contains(attribute.type) {
            keys += Self.encoded(attribute)
        }
        self.init(
            kind.name, try kind.words(Attributes(keys[...])), removal: family.request(kind.delete, keys))
    }

    /// The kernel wants to be told which have others in them, and says so of its own.
    private static func encoded(_ attribute: Attribute) -> [UInt8] {
        let length = UInt16(4 + attribute.bytes.count)
        let type = UInt16(attribute.type) | (attribute.isNested ? 1 << 15 : 0)
        let header = withUnsafeBytes(of: (length, type)) { Array($0) }
        return header + attribute.bytes + Array(repeating: 0, count: -attribute.bytes.count & 3)
    }
}
