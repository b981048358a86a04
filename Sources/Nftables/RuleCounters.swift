import CLinux
import Glibc
import Netlink
import NetworkNamespaces

extension Nftables {
    /// Sets the counters of all rules of a namespace to zero, without a transaction: nothing waits until
    /// packets have left an old rule set, and its number stays.
    ///
    /// - Returns: the tables of which a rule had counted a packet, as nft writes them (`ip calico`); nil where the kernel
    ///   cannot (before Linux 6.2), or has no nf_tables.
    public static func resetRuleCounters(in inside: borrowing InsideNamespace) throws(NetlinkError) -> Set<String>? {
        var socket = try NetlinkSocket(in: inside, protocol: nfnetlinkProtocol, strictDumps: false)
        // A dump that is started again finds zeros where the first one was, so what each has seen counts.
        var counted: Set<String> = []
        do {
            _ = try socket.dump(getRulesAndReset) { message in
                // struct nfgenmsg: any family, version 0, no resource.
                message.append(structure: UInt32(0))
            } decode: { message throws(MalformedMessage) -> Never? in
                if let table = try Self.tableThatCounted(message) { counted.insert(table) }
                return nil
            }
        } catch {
            // A type of message that the kernel does not know (nfnetlink_rcv_msg).
            guard case .refused(let failures) = error, let failure = failures.first,
                [EINVAL, EOPNOTSUPP].contains(failure.errno)
            else { throw error }
            return nil
        }
        return counted
    }

    /// The table of a rule that counted a packet; nil for another rule.
    static func tableThatCounted(_ message: Message) throws(MalformedMessage) -> String? {
        guard let family = families[UInt8(truncatingIfNeeded: try message.header(UInt32.self))] else { return nil }
        var (table, hasCounted) = ("", false)
        for attribute in try message.attributes(after: UInt32.self) {
            switch attribute.type {
            case RuleAttribute.table: table = attribute.text
            case RuleAttribute.expressions:
                for expression in try attribute.nested() where try packets(expression) > 0 { hasCounted = true }
            default: break
            }
        }
        return hasCounted ? "\(family) \(table)" : nil
    }

    /// What the expression of a rule has counted; 0 for one that is no counter.
    private static func packets(_ expression: Attribute) throws(MalformedMessage) -> UInt64 {
        var (name, data): (String, Attribute?) = ("", nil)
        for attribute in try expression.nested() {
            switch attribute.type {
            case RuleAttribute.expressionName: name = attribute.text
            case RuleAttribute.expressionData: data = attribute
            default: break
            }
        }
        guard name == "counter", let data else { return 0 }
        for attribute in try data.nested() where attribute.type == RuleAttribute.counterPackets {
            return try attribute.bigEndian()
        }
        return 0
    }

    /// `NFPROTO_*` (linux/netfilter.h) in nft's words. The header is `struct nfgenmsg`, whose first byte is the family.
    private static let families: [UInt8: String] = [1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"]
}

/// `NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE_RESET` (linux/netfilter/nfnetlink.h, nf_tables.h).
private let getRulesAndReset = 10 << 8 | 25

/// `NFTA_RULE_*`, `NFTA_EXPR_*` and `NFTA_COUNTER_*` (linux/netfilter/nf_tables.h).
private enum RuleAttribute {
    static let table = 1
    static let expressions = 4
    static let expressionName = 1
    static let expressionData = 2
    static let counterPackets = 2
}
