import CLinux
import Glibc
import System

/// A table of the filters that the kernel had before nf_tables, byte for byte (linux/netfilter_ipv4/ip_tables.h and its likes).
public struct FilterTable: Hashable, Sendable {
    public var family: Family
    public var name: String
    /// Which hooks it has chains at, a bit each.
    public var hooks: UInt32
    /// Where the chain at each hook begins, and where the rule is that says its policy, in bytes from the start.
    public var starts: [UInt32]
    public var policies: [UInt32]
    /// How many rules there are, the built-in ones among them.
    public var count: UInt32
    /// The rules, with their counters at zero.
    public var rules: [UInt8]

    /// What has tables of its own.
    public enum Family: Hashable, Sendable, CaseIterable {
        case ipv4, ipv6, arp

        /// The program that lists it.
        public var program: String {
            switch self {
            case .ipv4: "iptables"
            case .ipv6: "ip6tables"
            case .arp: "arptables"
            }
        }
    }

    /// Whether it says anything of packets: it has rules beside those that are the chains' policies and the end of the table, or a policy
    /// that drops.
    public var isUsed: Bool {
        Int(count) > hooks.nonzeroBitCount + 1 || (0..<hooks.bitWidth).contains { policy(at: $0) == 0 }
    }

    /// The verdict at the end of the chain at a hook: `NF_DROP` is 0, `NF_ACCEPT` 1; nil where the table has none there.
    public func policy(at hook: Int) -> Int? {
        guard hooks >> hook & 1 == 1, policies.indices.contains(hook) else { return nil }
        let rule = Int(policies[hook])
        guard let target = load(UInt16.self, rule + family.layout.targetOffset) else { return nil }
        // A verdict is after the target's header of 32 bytes, and written as less than nothing (`XT_STANDARD_TARGET`).
        return load(Int32.self, rule + Int(target) + 32).map { -Int($0) - 1 }
    }

    private func load<Number: FixedWidthInteger & BitwiseCopyable>(_: Number.Type, _ offset: Int) -> Number? {
        rules.count >= offset + MemoryLayout<Number>.size
            ? rules.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Number.self) } : nil
    }

    /// Sets what the rules have counted, and what the kernel notes for itself, to zero.
    fileprivate mutating func clearCounters() {
        let layout = family.layout
        var rule = 0
        while let next = load(UInt16.self, rule + layout.targetOffset + 2), next > 0,
            rule + layout.counters + 16 <= rules.count
        {
            for offset in layout.counters - layout.noted..<layout.counters + 16 { rules[rule + offset] = 0 }
            rule += Int(next)
        }
    }
}

extension FilterTable.Family {
    /// The place of some fields in a rule: `target_offset` with `next_offset` behind it, and `counters`; and how many bytes before the
    /// counters the kernel uses for itself (`comefrom`).
    fileprivate var layout: (targetOffset: Int, counters: Int, noted: Int) {
        switch self {
        case .ipv4: (88, 96, 4)
        case .ipv6: (140, 152, 8)
        case .arp: (164, 176, 8)
        }
    }

    fileprivate var hookCount: Int { self == .arp ? 3 : 5 }

    /// The file that has the names of the tables that a namespace has.
    fileprivate var list: String {
        let name =
            switch self {
            case .ipv4: "ip_tables_names"
            case .ipv6: "ip6_tables_names"
            case .arp: "arp_tables_names"
            }
        // The thread's own namespace: `/proc/net` is the first thread's.
        return "/proc/thread-self/net/\(name)"
    }

    fileprivate var options: (level: CInt, info: CInt, entries: CInt, replace: CInt) {
        switch self {
        case .ipv4:
            (CInt(IPPROTO_IP), NSLAB_IPT_SO_GET_INFO, NSLAB_IPT_SO_GET_ENTRIES, NSLAB_IPT_SO_SET_REPLACE)
        case .ipv6:
            (CInt(IPPROTO_IPV6), NSLAB_IPT_SO_GET_INFO, NSLAB_IPT_SO_GET_ENTRIES, NSLAB_IPT_SO_SET_REPLACE)
        case .arp:
            (CInt(IPPROTO_IP), NSLAB_ARPT_SO_GET_INFO, NSLAB_ARPT_SO_GET_ENTRIES, NSLAB_ARPT_SO_SET_REPLACE)
        }
    }

    /// A socket that the options are of.
    fileprivate func socket() throws(SystemCallError) -> FileDescriptor {
        let family = self == .ipv6 ? AF_INET6 : AF_INET
        return FileDescriptor(
            owning: try systemCall("socket", "filter tables") {
                Glibc.socket(family, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), CInt(IPPROTO_RAW))
            })
    }
}

extension InsideNamespace {
    /// The names of the tables that the namespace has: those that somebody has looked at or changed.
    public func filterTableNames(_ family: FilterTable.Family) throws(SystemCallError) -> [String] {
        do throws(SystemCallError) {
            let bytes = try FileDescriptor(opening: family.list, O_RDONLY).readAll(family.list, limit: 65536)
            return bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }.sorted()
        } catch {
            // A kernel without them.
            if error.isNoSuchFile { return [] }
            throw error
        }
    }

    /// A table of the namespace, which has it from then on.
    ///
    /// - Throws: `SystemCallError`; with `ENOENT` where the kernel has none of that name.
    public func filterTable(
        _ family: FilterTable.Family, _ name: String
    ) throws(SystemCallError) -> FilterTable {
        let socket = try family.socket()
        let (level, information, contents, _) = family.options
        // What a table is asked by begins with its name, in 32 bytes.
        var title = Array(name.utf8.prefix(31))
        title += Array(repeating: 0, count: 32 - title.count)
        var info = title + Array(repeating: 0, count: 12 + 8 * family.hookCount)
        var length = socklen_t(info.count)
        try systemCall("getsockopt", name) { getsockopt(socket.number, level, information, &info, &length) }
        let words = info.withUnsafeBytes { bytes in
            stride(from: 32, to: bytes.count, by: 4).map { bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self) }
        }
        let hooks = family.hookCount
        let size = words[2 + 2 * hooks]
        var answer = title + withUnsafeBytes(of: size) { Array($0) } + Array(repeating: 0, count: 4 + Int(size))
        length = socklen_t(answer.count)
        try systemCall("getsockopt", name) { getsockopt(socket.number, level, contents, &answer, &length) }
        var table = FilterTable(
            family: family, name: name, hooks: words[0], starts: Array(words[1..<1 + hooks]),
            policies: Array(words[1 + hooks..<1 + 2 * hooks]), count: words[1 + 2 * hooks],
            rules: Array(answer.dropFirst(40)))
        table.clearCounters()
        return table
    }

    /// Puts a table in the place of the one that the namespace has.
    public func replace(with table: FilterTable) throws(SystemCallError) {
        let before = try filterTable(table.family, table.name)
        let socket = try table.family.socket()
        // The kernel writes there what the former rules have counted.
        let counters = UnsafeMutableRawPointer.allocate(byteCount: max(16 * Int(before.count), 16), alignment: 8)
        defer { counters.deallocate() }
        // `struct ipt_replace`, or that of the other families.
        var request = Array(table.name.utf8.prefix(31))
        request += Array(repeating: 0, count: 32 - request.count)
        let words = [table.hooks, table.count, UInt32(table.rules.count)] + table.starts + table.policies
        for word in words + [before.count] { request += withUnsafeBytes(of: word) { Array($0) } }
        request += Array(repeating: 0, count: -request.count & 7)
        request += withUnsafeBytes(of: UInt(bitPattern: counters)) { Array($0) }
        request += table.rules
        let (level, _, _, replacement) = table.family.options
        try systemCall("setsockopt", table.name) {
            setsockopt(socket.number, level, replacement, request, socklen_t(request.count))
        }
    }
}
