import Addresses
import NetworkObjects

/// Tables in which every statement, expression, value and set that messages can say has its place.
enum SampleTables {
    static let all = [everything(.ipv4), everything(.ipv6)]

    /// Addresses and prefixes of a family, by small numbers.
    private struct Numbers {
        let family: AddressFamily

        func address(_ number: UInt8) -> IPAddress {
            IPAddress(family == .ipv4 ? "10.1.2.\(number)" : "fd00:10:1::\(String(number, radix: 16))")!
        }

        func prefix(_ number: Int, _ length: Int) -> Prefix {
            Prefix(family == .ipv4 ? "10.\(number).0.0/\(length)" : "fd00:\(number)::/\(length + 16)")!
        }
    }

    static func everything(_ family: AddressFamily) -> RuleTable {
        let numbers = Numbers(family: family)
        var table = RuleTable(.init(family), "sample")
        table.comment = "all that there is"
        table.sets = sets(numbers)
        table.chains = chains(numbers)
        return table
    }

    private static func sets(_ numbers: Numbers) -> [RuleTable.NamedSet] {
        let type = numbers.family == .ipv4 ? "ipv4_addr" : "ipv6_addr"
        let port: [RuleValue] = [.address(numbers.address(1)), .transport(.tcp), .number(80)]
        return [
            .init(
                "addresses", key: [type], comment: "some of them",
                elements: [
                    .init([.address(numbers.address(1))], comment: "the first"), .init([.address(numbers.address(2))]),
                ]),
            .init(
                "prefixes", key: [type], flags: [.interval],
                elements: [
                    .init([.prefix(numbers.prefix(16, 16))]), .init([.prefix(numbers.prefix(32, 20))], comment: "one"),
                    .init([.prefix(numbers.prefix(17, 16))]), .init([.address(numbers.address(9))]),
                    .init([.prefix(Prefix(numbers.family == .ipv4 ? "255.255.255.0/24" : "ff00::/8")!)]),
                ]),
            .init("nothing", key: [type], flags: [.interval]),
            .init("clients", key: [type], flags: [.dynamic, .timeout], size: 65535, timeout: 10800),
            .init(
                "services", key: [type, "inet_proto", "inet_service"], value: "verdict", comment: "to their chains",
                elements: [
                    .init(port, .verdict(.goto("target")), comment: "default/web:http"),
                    .init([.address(numbers.address(2)), .transport(.udp), .number(53)], .verdict(.drop)),
                ]),
            .init(
                "ports", key: ["inet_proto", "inet_service"], value: "verdict",
                elements: [.init([.transport(.sctp), .number(30001)], .verdict(.jump("target")))]),
            .init("marks", key: ["mark"], elements: [.init([.bits(0x4000)]), .init([.bits(0x1)])]),
        ]
    }

    private static func chains(_ numbers: Numbers) -> [RuleTable.Chain] {
        let (from, to) = (
            Rule.Expression.sourceAddress(numbers.family), Rule.Expression.destinationAddress(numbers.family)
        )
        let isTCP = Rule.Statement.match(.transport, .value(.transport(.tcp)))
        return [
            .init(
                "target", comment: "where others lead",
                [
                    Rule([.update(set: "clients", from)]),
                    Rule([isTCP, .translation(to: .init(numbers.address(5), 8080))]),
                ]),
            .init(
                "matches",
                [
                    Rule([.match(from, .value(.address(numbers.address(1)))), .verdict(.accept)]),
                    Rule([.mismatch(to, .value(.prefix(numbers.prefix(16, 16)))), .counter, .verdict(.drop)]),
                    Rule([.match(to, .value(.prefix(numbers.prefix(32, 20)))), .verdict(.return)]),
                    Rule([
                        .match(to, .named("addresses")), .mismatch(from, .named("prefixes")), .verdict(.jump("target")),
                    ]),
                    Rule([.match(.destinationPort, .value(.number(80))), isTCP, .verdict(.accept)], comment: "web"),
                    Rule([.match(.connectionState, .value(.other("new"))), .counter]),
                    Rule([.match(.sourceAddressType, .value(.other("local"))), .verdict(.accept)]),
                    Rule([.match(.destinationAddressType, .value(.other("local"))), .verdict(.accept)]),
                    Rule([
                        .match(
                            from,
                            .elements([.init([.prefix(numbers.prefix(32, 20))]), .init([.address(numbers.address(7))])])
                        ),
                        .verdict(.return),
                    ]),
                    Rule([
                        .mismatch(
                            from,
                            .elements([.init([.address(numbers.address(7))]), .init([.address(numbers.address(3))])])),
                        .verdict(.drop),
                    ]),
                    Rule([.match(.mark, .named("marks")), .verdict(.accept)]),
                ]),
            .init(
                "marking",
                [
                    Rule([.match(.and(.mark, 0x4000), .value(.bits(0))), .verdict(.return)]),
                    Rule([.mismatch(.and(.mark, 0x4000), .value(.bits(0))), .counter]),
                    Rule([.set(.mark, to: .or(.mark, 0x4000))]), Rule([.set(.mark, to: .xor(.mark, 0x4000))]),
                    Rule([.set(.mark, to: .and(.mark, ~0x4000))]), Rule([.set(.mark, to: .value(.bits(7)))]),
                    Rule([.match(.mark, .value(.bits(0x12345))), .verdict(.accept)]),
                ]),
            .init(
                "maps",
                [
                    Rule([.verdictMap(.concatenation([to, .transport, .destinationPort]), .named("services"))]),
                    Rule([.verdictMap(.concatenation([.transport, .destinationPort]), .named("ports"))]),
                    Rule([
                        .verdictMap(
                            .random(below: 12),
                            .elements((0..<12).map { .init([.number($0)], .verdict(.goto("target"))) }))
                    ]),
                    Rule([
                        .verdictMap(
                            .concatenation([.transport, .destinationPort]),
                            .elements([.init([.transport(.tcp), .number(443)], .verdict(.drop))]))
                    ]),
                ]),
            .init(
                "nat-prerouting", hook: .init("nat", "prerouting", -100),
                [Rule([.verdict(.jump("maps"))]), Rule([.verdict(.jump("matches"))])]),
            .init("nat-output", hook: .init("nat", "output", -100), comment: "the host's own", []),
            .init("nat-postrouting", hook: .init("nat", "postrouting", 110), [Rule([.masquerade])]),
            .init(
                "filter-forward", hook: .init("filter", "forward", -110, policy: "drop"),
                [Rule([.match(.connectionState, .value(.other("new"))), .verdict(.jump("marking"))]), Rule([.reject])]),
            .init("filter-input", hook: .init("filter", "input", 0), [Rule([.reject], comment: "by whom")]),
        ]
    }
}
