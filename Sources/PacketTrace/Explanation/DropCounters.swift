import Glibc
import NetworkNamespaces
import System

/// What a network namespace has counted of packets that it dropped, by the names of nstat(8).
struct DropCounters: Hashable, Sendable {
    private var counts: [String: UInt64] = [:]

    /// What a count says of a packet.
    struct Meaning: Hashable, Sendable {
        /// Its name; other counts are not looked at (net/ipv4/proc.c, net/ipv6/proc.c, net/xfrm/xfrm_proc.c).
        var name: String
        var words: String
        /// The drop reasons that go with it (`enum skb_drop_reason`, include/net/dropreason-core.h).
        var reasons: [String] = []
    }

    /// Those of one protocol before those of all: of several that have risen the first says most.
    static let meanings: [Meaning] = {
        var all: [Meaning] = []
        func add(_ names: [String], _ words: String, _ reasons: String...) {
            all += names.map { Meaning(name: $0, words: words, reasons: reasons) }
        }
        add(["TcpExtListenOverflows"], "the queue of connections that the listener has not accepted is full")
        add(
            ["TcpExtTCPReqQFullDrop", "TcpExtTCPReqQFullDoCookies"],
            "the queue of connections that are being made is full")
        add(["TcpExtTCPBacklogDrop"], "the socket's backlog is full", "SOCKET_BACKLOG")
        add(
            ["UdpRcvbufErrors", "Udp6RcvbufErrors"], "the socket's receive buffer is full", "SOCKET_RCVBUFF",
            "PROTO_MEM")
        add(["UdpMemErrors", "Udp6MemErrors"], "there is no memory for datagrams", "PROTO_MEM")
        add(
            ["UdpInCsumErrors", "Udp6InCsumErrors", "TcpInCsumErrors", "IcmpInCsumErrors", "IpExtInCsumErrors"],
            "its checksum is wrong", "UDP_CSUM", "TCP_CSUM", "ICMP_CSUM", "IP_CSUM")
        add(["IpExtInTruncatedPkts"], "it is cut short", "PKT_TOO_SMALL")
        add(
            ["TcpExtIPReversePathFilter"], "its source is not reached by the link that it came by", "IP_RPFILTER")
        add(["IpInHdrErrors", "Ip6InHdrErrors"], "its header is not valid", "IP_INHDR")
        add(
            ["IpInAddrErrors", "Ip6InAddrErrors"], "its address is not valid there", "IP_INADDRERRORS",
            "IP_INVALID_SOURCE", "IP_INVALID_DEST", "IP_LOCAL_SOURCE")
        add(
            ["IpExtInNoRoutes", "Ip6InNoRoutes", "IpOutNoRoutes", "Ip6OutNoRoutes"],
            "no route leads to its destination", "IP_INNOROUTES", "IP_OUTNOROUTES")
        add(["IpInUnknownProtos", "Ip6InUnknownProtos"], "nobody takes its protocol", "IP_NOPROTO")
        add(["IpReasmFails", "Ip6ReasmFails"], "its fragments were not put together", "FRAG_REASM_TIMEOUT", "DUP_FRAG")
        add(
            ["IpFragFails", "Ip6FragFails", "Ip6InTooBigErrors"], "it is too large for the next link", "PKT_TOO_BIG")
        add(
            ["XfrmInPolBlock", "XfrmOutPolBlock", "XfrmInNoPols", "XfrmInTmplMismatch", "XfrmOutNoStates"],
            "a policy of IPsec does not let it through", "XFRM_POLICY")
        add(["IpInDiscards", "Ip6InDiscards"], "it was discarded on its way in")
        add(["IpOutDiscards", "Ip6OutDiscards"], "it was discarded on its way out")
        return all
    }()

    /// Reads the lists of the kernel: pairs of lines, the first with names and the second with numbers (`snmp`, `netstat`), or a line
    /// for each (`snmp6`, `xfrm_stat`). What is not as it should be is left out.
    init(_ lists: [String]) {
        let known = Set(Self.meanings.map(\.name))
        func take(_ name: String, _ number: Substring) {
            if known.contains(name), let count = UInt64(number) { counts[name] = count }
        }
        for list in lists {
            var names: [Substring] = []
            for line in list.split(separator: "\n") {
                let words = line.split { $0 == " " || $0 == "\t" }
                if words.count == 2, !words[0].hasSuffix(":") {
                    take(String(words[0]), words[1])
                } else if words.count == names.count, words.first == names.first, let group = words.first?.dropLast() {
                    for (name, number) in zip(names, words).dropFirst() { take("\(group)\(name)", number) }
                    names = []
                } else {
                    names = words
                }
            }
        }
    }

    /// Those of a namespace.
    init(in inside: borrowing InsideNamespace) {
        // What a kernel does not have is not counted.
        self.init(
            ["snmp", "netstat", "snmp6", "xfrm_stat"].compactMap { name in
                let path = "/proc/thread-self/net/\(name)"
                guard let file = try? FileDescriptor(opening: path, O_RDONLY),
                    let bytes = try? file.readAll(path, limit: 1 << 16)
                else { return nil }
                return String(decoding: bytes, as: UTF8.self)
            })
    }

    /// What has risen, in the order of `meanings`.
    func risen(since before: DropCounters) -> [Meaning] {
        Self.meanings.filter { counts[$0.name, default: 0] > before.counts[$0.name, default: 0] }
    }
}
