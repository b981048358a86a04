import KernelTestSupport

/// All that tools which are not ours tell of a namespace, without what moves by itself: numbers of links, timers, counters, order; and
/// without the groups that links are in, which the kernel enters another time whenever a link begins to forward.
struct ToolDump: Equatable {
    /// The lines, sorted, each after the tool that printed it.
    private(set) var lines: [String] = []

    private static let commands = [
        "ip -d link", "ip addr", "ip -4 route show table all", "ip -6 route show table all", "ip rule", "ip -6 rule",
        "ip neigh show nud permanent", "ip neigh show proxy", "ip nexthop", "ip addrlabel", "ip ntable",
        "ip xfrm policy", "ip xfrm state", "ip mptcp endpoint", "ip mptcp limits", "tc qdisc", "bridge -d link",
        "bridge fdb", "nft list ruleset", "iptables-legacy-save", "ip6tables-legacy-save", "ipset list",
    ]

    init(_ pin: String) throws {
        var commands = Self.commands.map { $0.split(separator: " ").map(String.init) }
        for link in try Witness.json("ip -j link", in: pin) {
            let name = link["ifname"] as? String ?? ""
            commands += [["ethtool", "-k", name], ["ethtool", "-l", name]]
        }
        commands.append([
            "sh", "-c",
            "cd /proc/sys/net && find . -type f -perm -u+w ! -name flush -exec grep -sH '' {} +",
        ])
        let moving = try Self.moving.map { try Regex($0) }
        for command in commands {
            let title = command.prefix(3).joined(separator: " ")
            for line in try Witness.run(command, in: pin).output.split(separator: "\n") {
                // The kernel has those once more or less after a link was down (`addrconf_join_anycast`).
                if title == "ip -6 route", line.hasPrefix("anycast") { continue }
                // What a bridge learned goes and comes.
                if title == "bridge fdb", !line.contains("permanent"), !line.contains("static") { continue }
                // Said of another lab's namespace that goes while ip(8) looks for the names of all.
                if line == "Error: Peer netns reference is invalid." { continue }
                if let line = Self.steady(String(line), without: moving) { lines.append("\(title): \(line)") }
            }
        }
        lines.sort()
    }

    private static let moving = [
        #"^\d+:\s"#, #"@\S+(?=:)"#, #"link-netns(id)? \S+"#,
        #"(reachable|refcnt|age|used|expires|lastuse) [\d.]+\S*"#,
        #"\w+_timer +[\d.]+"#, #"packets \d+ bytes \d+"#, #"\[\d+:\d+\]"#, #"(port_)?(id|no) 0x[0-9a-f]+"#,
        #"designated_port \d+"#, #" linkdown\b"#, #"state (UP|UNKNOWN|LOWERLAYERDOWN|DOWN)"#, #"bridge-nf-call.*"#,
    ]

    /// A line without what moves; nil for one that says nothing else.
    private static func steady(_ line: String, without moving: [Regex<AnyRegexOutput>]) -> String? {
        var line = line
        for expression in moving { line.replace(expression, with: "") }
        // What only programs have looked at, and what says which program that was.
        let words = line.split(whereSeparator: \.isWhitespace)
        guard let first = words.first, first != "#", !first.hasPrefix("#"), !first.hasPrefix("*"), first != "COMMIT"
        else {
            return nil
        }
        if first.hasPrefix(":"), words.dropFirst().first == "ACCEPT" { return nil }
        return words.joined(separator: " ")
    }

    /// What is in one and not in the other.
    func differences(from other: ToolDump) -> [String] {
        let (own, others) = (Set(lines), Set(other.lines))
        return own.subtracting(others).sorted().map { "- \($0)" } + others.subtracting(own).sorted().map { "+ \($0)" }
    }
}
