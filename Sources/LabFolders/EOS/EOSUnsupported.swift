/// What EOS commands that are not taken over mean: something for a dataplane, or nothing.
enum EOSUnsupported {
    /// What is not done about a global command that matters to a dataplane; nil for all others.
    static func sentence(for command: EOSCommand) -> String? {
        if command.isNegated { return nil }
        for (keywords, sentence) in global where command.arguments(after: keywords) != nil {
            return sentence ?? "\(command.words.prefix(3).joined(separator: " ")) is not supported; it is skipped"
        }
        return nil
    }

    /// What is not done about an interface's command that matters to a dataplane; nil for all others.
    static func interfaceSentence(for command: EOSCommand) -> String? {
        if command.isNegated { return nil }
        for keywords in interface where command.arguments(after: keywords) != nil {
            return "\(command.words.prefix(3).joined(separator: " ")) is not supported; the line is skipped"
        }
        return nil
    }

    /// Whether a global command says nothing about a dataplane.
    static func isIrrelevant(_ command: EOSCommand) -> Bool {
        // What is taken back was never there.
        command.isNegated || irrelevant.contains(command.words[0].lowercased())
            || (["ip", "ipv6"].contains(command.words[0])
                && command.words.count > 1 && irrelevantForIP.contains(command.words[1].lowercased()))
    }

    /// Whether an interface's command says nothing about a dataplane.
    static func isIrrelevantForInterface(_ command: EOSCommand) -> Bool {
        if irrelevantForInterface.contains(command.words[0].lowercased()) { return true }
        guard ["ip", "ipv6"].contains(command.words[0]), command.words.count > 1 else { return false }
        return irrelevantForInterfaceIP.contains(command.words[1].lowercased())
    }

    private static let global: [(String, String?)] = [
        ("router", nil), ("mlag", nil),
        ("ipv6 routing", "EOS has no such command: IPv6 is routed after \"ipv6 unicast-routing\""),
        ("ip nat", nil), ("ip multicast-routing", nil), ("ip dhcp", nil), ("dhcp", nil), ("arp", nil),
        ("mac address-table static", nil), ("mpls ip", nil), ("ipv6 neighbor", nil), ("traffic-policies", nil),
        ("policy-map", nil), ("nat", nil), ("tunnel", nil), ("monitor session", nil), ("ip access-group", nil),
        ("ipv6 access-group", nil), ("segment-routing", nil),
    ]

    private static let interface = [
        "ip access-group", "ipv6 access-group", "ip nat", "ip helper-address", "ip proxy-arp", "ip local-proxy-arp",
        "ip verify", "ipv6 verify", "service-policy", "encapsulation", "ip dhcp", "dhcp", "ipv6 dhcp",
        "mac access-group",
        "traffic-policy", "mpls", "ip unnumbered", "vrrp", "ip policy", "policy", "tunnel", "evpn", "arp",
        "ipv6 nd prefix", "l2-protocol", "no-autostate",
    ]

    private static let irrelevant: Set<String> = [
        "aaa", "address", "agent", "alias", "application", "as-path", "boot", "bfd", "class-map", "clock",
        "community-list",
        "control-plane", "cvx", "daemon", "default", "dot1x", "dynamic", "email", "enable", "end", "environment",
        "errdisable", "event-handler", "event-monitor", "exit", "flow", "gnmi", "hardware", "hash", "ipsec", "kernel",
        "l2-protocol", "lacp", "ldap", "license", "link", "lldp", "load-balance", "load-interval", "logging", "mac",
        "maintenance", "management", "match-list", "metadata", "monitor", "msrp", "multicast", "mvrp", "ntp",
        "openflow",
        "patch", "peer-filter", "platform", "port-channel", "power", "priority-flow-control", "privilege", "prompt",
        "ptp", "qos", "queue-monitor", "radius", "radius-server", "redundancy", "role", "route-map", "schedule",
        "security", "service", "session", "sflow", "snmp-server", "spanning-tree", "speed", "ssl", "switch",
        "switchport", "system", "tacacs-server", "tap", "tcam", "telemetry", "terminal", "track", "transceiver",
        "trap", "trident", "username", "varmor", "version", "virtual-cable", "vmtracer", "vrf", "xmpp", "zerotouch",
        "router-map",
        "running-config", "ethernet", "mcs", "firewall", "group", "interfaces", "profile", "port", "rib",
    ]

    private static let irrelevantForIP: Set<String> = [
        "access-list", "as-path", "community-list", "domain", "domain-list", "domain-lookup", "domain-name",
        "extcommunity-list", "ftp", "hardware", "host", "http", "icmp", "igmp", "large-community-list", "load-sharing",
        "local", "name-server", "nd", "prefix-list", "radius", "rib", "security", "ssh", "tacacs", "tftp", "telnet",
        "address", "enable", "fib", "hop-limit", "routing", "unicast-routing",
    ]

    private static let irrelevantForInterface: Set<String> = [
        "arista", "bfd", "counters", "de", "des", "desc", "descr", "description", "dot1x", "duplex", "error-correction",
        "exit", "flow", "flowcontrol",
        "hardware", "isis", "lacp", "link", "lldp", "load-interval", "logging", "loopback", "mac", "multicast", "phy",
        "pim", "platform", "poe", "port", "port-channel", "priority-flow-control", "profile", "ptp", "qos",
        "queue-monitor",
        "sflow", "snmp", "spanning-tree", "speed", "storm-control", "traffic-loopback", "transceiver", "tx-queue",
        "uc-tx-queue", "mc-tx-queue", "xcvr", "autostate", "bandwidth", "carrier-delay", "comment", "unidirectional",
        "monitor", "no", "l2", "txq", "ipv4", "mlag", "delay", "switchport-default",
    ]

    private static let irrelevantForInterfaceIP: Set<String> = [
        "attached-host", "attached-hosts", "enable", "icmp", "igmp", "multicast", "nd", "ospf", "ospf3", "pim", "rip",
        "local-interface", "isis", "mfib", "router", "bgp", "mtu", "directed-broadcast", "rib", "tcp", "load-sharing",
        "address",
    ]
}
