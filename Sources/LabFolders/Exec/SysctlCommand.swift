extension NetworkCommand {
    /// `sysctl [-w] KEY=VALUE…` (sysctl(8)).
    static func sysctl(_ arguments: inout Arguments) throws(CommandRefusal) -> [Setting] {
        var settings: [Setting] = []
        while let word = arguments.next() {
            if word.hasPrefix("-") {
                switch word {
                case "--write", "--ignore", "--quiet", "--values", "--names", "--binary": continue
                default:
                    guard word.dropFirst().allSatisfy({ "weqnNb".contains($0) }), word.count > 1 else {
                        throw .other("\"sysctl \(word)\" is not part of a topology")
                    }
                    continue
                }
            }
            guard let sign = word.firstIndex(of: "=") else {
                // `sysctl -w a = 1` is three words and wrong; `sysctl a` prints.
                if arguments.first?.hasPrefix("=") == true {
                    throw .wrong("\"\(word)\" and its value are one word: \(word)=1")
                }
                continue
            }
            let key = String(word[..<sign])
            let value = String(word[word.index(after: sign)...])
            settings.append(Setting(path: try path(ofKey: key), value: value))
        }
        return settings
    }

    /// The path below `/proc/sys/net` of a key; `.` and `/` separate, whichever comes first, and the other one means
    /// it inside of names: `net.ipv4.conf.eth1/10.forwarding`.
    ///
    /// - Throws: `.notNetwork` for a key that is not the network namespace's, `.wrong` for one that is no path,
    ///   `.other` for one of a network namespace that not every kernel has.
    public static func path(ofKey key: String) throws(CommandRefusal) -> String {
        let isDotted = key.first { $0 == "." || $0 == "/" } == "."
        let path = isDotted ? String(key.map { $0 == "." ? "/" : $0 == "/" ? "." : $0 }) : key
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count > 1, !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }),
            path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
        else { throw .wrong("\"\(key)\" is no kernel setting") }
        guard parts[0] == "net" else {
            throw .notNetwork("\(key) is the whole machine's setting and not a network's; it is left as it is")
        }
        guard parts[1] == "ipv4" || parts[1] == "ipv6" else { throw .other("\(key) is not part of a topology") }
        return parts.dropFirst().joined(separator: "/")
    }
}

extension NetworkCommand.Setting {
    /// Whether every kernel has the setting, in every network namespace whose devices these are, and takes the value.
    func isEverywhere(on devices: [String]) -> Bool {
        let parts = path.split(separator: "/").map(String.init)
        guard Int32(value) != nil, let family = parts.first, let known = Self.known[family] else { return false }
        switch parts.count {
        case 2: return path == "ipv4/ip_forward"
        case 4:
            return parts[1] == "conf" && (["all", "default", "lo"].contains(parts[2]) || devices.contains(parts[2]))
                && known.contains(parts[3])
        default: return false
        }
    }

    /// By family, settings of devices that do not depend on how a kernel was built (ip-sysctl in the kernel's documentation).
    private static let known: [String: Set<String>] = [
        "ipv4": [
            "accept_local", "accept_redirects", "accept_source_route", "arp_accept", "arp_announce", "arp_filter",
            "arp_ignore", "arp_notify", "bootp_relay", "disable_policy", "disable_xfrm", "forwarding",
            "ignore_routes_with_linkdown", "log_martians", "promote_secondaries", "proxy_arp", "proxy_arp_pvlan",
            "route_localnet", "rp_filter", "secure_redirects", "send_redirects", "shared_media", "src_valid_mark",
        ],
        "ipv6": [
            "accept_dad", "accept_ra", "accept_ra_defrtr", "accept_ra_pinfo", "accept_redirects", "accept_source_route",
            "autoconf", "dad_transmits", "disable_ipv6", "forwarding", "keep_addr_on_down", "ndisc_notify", "proxy_ndp",
            "use_tempaddr",
        ],
    ]
}
