import Addresses

extension Grammar {
    /// What is typed at the first prompts.
    public static let exec = Grammar(execRows + pingRows).joined(with: show)

    private static let execRows: [Row] = [
        Row("enable") { _ in .enable },
        Row("disable") { _ in .disable },
        Row("exit") { _ in .exit },
        Row("quit") { _ in .logout },
        Row("logout") { _ in .logout },
        Row("configure [terminal]", privilege: 15) { _ in .configure },
        Row("terminal length <0-32767>") { captures in captures.numbers.first.map { .terminal(.length($0)) } },
        Row("terminal width <10-32767>") { captures in captures.numbers.first.map { .terminal(.width($0)) } },
        Row("terminal (monitor|no monitor)") { _ in .answered("") },
        Row("traceroute [vrf VRF] [ip|ipv6] HOST [source (A.B.C.D|A:B:C::D|INTERFACE)]") { captures in
            guard let host = captures.host, isHost(host) else { return nil }
            return .run(.traceroute(host: host, isIPv6: captures.has("ipv6"), source: source(captures)))
        },
        Row("telnet HOST [<1-65535>]") { captures in
            guard let host = captures.host, isHost(host) else { return nil }
            return .run(.telnet(host: host, port: captures.numbers.first))
        },
        Row("bash [LINE]", privilege: 15) { captures in .run(.bash(captures.line)) },
        Row("write [memory]", privilege: 15) { _ in .answered("Copy completed successfully.\n") },
        Row("copy running-config startup-config", privilege: 15) { _ in .answered("Copy completed successfully.\n") },
    ]

    /// What `ping` takes comes in any order.
    private static let pingRows: [Row] = {
        let source = "[source (A.B.C.D|A:B:C::D|INTERFACE)]"
        let (count, size) = ("[repeat <1-2147483647>]", "[size <36-65468>] [df-bit]")
        let orders = [
            [source, count, size], [source, size, count], [count, source, size], [count, size, source],
            [size, source, count], [size, count, source],
        ]
        return orders.enumerated().map { index, order in
            return Row(
                "ping [vrf VRF] [ip|ipv6] HOST " + order.joined(separator: " ") + " [interval <1-3600>]",
                isListed: index == 0
            ) { captures in
                guard let host = captures.host, isHost(host) else { return nil }
                var ping = Command.Ping(host: host)
                ping.isIPv6 = captures.has("ipv6") || host.contains(":")
                ping.count = captures.number(after: "repeat") ?? ping.count
                ping.size = captures.number(after: "size")
                ping.interval = captures.number(after: "interval")
                ping.isWhole = captures.has("df-bit")
                ping.source = Self.source(captures)
                return .run(.ping(ping))
            }
        }
    }()

    private static func source(_ captures: Captures) -> String? {
        let address = captures.text(.address(.ipv4)) ?? captures.text(.address(.ipv6))
        return address ?? captures.interfaces.map { $0.names[0] }
    }

    /// Whether a word may be a host's: no option of the program that gets it.
    private static func isHost(_ word: String) -> Bool { !word.hasPrefix("-") }
}
