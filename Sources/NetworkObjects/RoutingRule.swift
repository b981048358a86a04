import Addresses
internal import CLinux

/// A rule of the routing policy database, in the words of `ip rule`: which table a packet's route is looked up in
/// (fib_rules; ip-rule(8)).
public struct RoutingRule: Codable, Hashable, Sendable {
    /// The family of the packets.
    public var family: AddressFamily
    /// The position among the rules: the lowest is asked first.
    public var priority: UInt32
    /// The table that is looked at; 0 for a rule that does something else.
    public var table: UInt32
    /// What the rule does (`FR_ACT_*`, linux/fib_rules.h).
    public var action: Action
    /// The packets' source; nil for any.
    public var source: Prefix?
    /// The packets' destination; nil for any.
    public var destination: Prefix?
    /// Whether it is for the packets that do not match.
    public var isInverted = false
    /// The IPv4 type of service, or the IPv6 traffic class; 0 for any.
    public var typeOfService: UInt8 = 0
    /// What else the rule says, by the number of the attribute (`FRA_*`), as the kernel wrote it.
    public package(set) var others = OtherAttributes()

    /// A rule that has packets looked up in a table.
    public init(
        _ family: AddressFamily, priority: UInt32, table: UInt32, action: Action = .lookUp, from source: Prefix? = nil,
        to destination: Prefix? = nil
    ) {
        self.family = family
        self.priority = priority
        self.table = table
        self.action = action
        self.source = source
        self.destination = destination
    }

    /// What a rule does.
    public struct Action: RawRepresentable, Codable, Hashable, Sendable {
        /// The number in the rule's message.
        public let rawValue: UInt8

        /// The action with this number.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        private init(_ number: Int) { rawValue = UInt8(number) }

        /// Looks the route up in the rule's table.
        public static let lookUp = Action(FR_ACT_TO_TBL)
        /// Goes on at another rule.
        public static let goTo = Action(FR_ACT_GOTO)
        /// Does nothing.
        public static let nothing = Action(FR_ACT_NOP)
        /// Drops the packet.
        public static let blackhole = Action(FR_ACT_BLACKHOLE)
        /// Refuses the packet with an ICMP error.
        public static let unreachable = Action(FR_ACT_UNREACHABLE)
        /// Refuses the packet with an ICMP error that says by whom.
        public static let prohibit = Action(FR_ACT_PROHIBIT)
    }
}

extension RoutingRule {
    /// Whether the rule is about a packet; nil where it also asks for what is not known of one, such as a mark or its ports.
    ///
    /// - Parameters:
    ///   - source: nil where the host has not chosen one.
    ///   - ingress: the link that it came in by; nil for a packet of the host's own.
    public func matches(
        _ destination: IPAddress, from source: IPAddress?, by ingress: InterfaceName?
    ) -> Bool? {
        guard family == destination.family else { return false }
        var rest = others
        rest[FRA_IIFNAME] = nil
        if !rest.isEmpty || typeOfService != 0 { return nil }
        // What the host sends itself counts as what came by its loopback (`fib_rule_match`).
        let isOfLink = others.text(FRA_IIFNAME).map { $0 == ingress.map { "\($0)" } ?? "lo" } ?? true
        let isOfSource =
            self.source.map { prefix in source.map { prefix.contains($0) } ?? (prefix.length == 0) } ?? true
        let isOfDestination = self.destination?.contains(destination) ?? true
        return (isOfLink && isOfSource && isOfDestination) != isInverted
    }
}

extension RoutingRule: NetworkObject {
    public typealias Identity = Self
    public static var kindName: String { "rule" }
    public var link: InterfaceName? { nil }

    /// The rules that a kernel has of itself (`fib_default_rules_init`, `fib6_rules_net_init`).
    public static func kernelMade(_ family: AddressFamily) -> [RoutingRule] {
        let rules = [
            RoutingRule(family, priority: 0, table: 255), RoutingRule(family, priority: 32766, table: 254),
            RoutingRule(family, priority: 32767, table: 253),
        ]
        return family == .ipv4 ? rules : Array(rules.prefix(2))
    }
}

extension RoutingRule: CustomStringConvertible {
    public var description: String {
        var words = [family == .ipv6 ? "-6" : "", "pref \(priority)", isInverted ? "not" : ""]
        words.append("from \(source.map { "\($0)" } ?? "all")")
        if let destination { words.append("to \(destination)") }
        if typeOfService != 0 { words.append("tos \(typeOfService)") }
        words += otherWords
        switch action {
        case .lookUp: words.append("lookup \(tableName)")
        case .goTo: words.append("goto")
        case .nothing: words.append("nop")
        case .blackhole: words.append("blackhole")
        case .unreachable: words.append("unreachable")
        case .prohibit: words.append("prohibit")
        default: words.append("action \(action.rawValue)")
        }
        return words.filter { !$0.isEmpty }.joined(separator: " ")
    }

    private var tableName: String { [255: "local", 254: "main", 253: "default"][table] ?? "\(table)" }

    /// The attributes that have no field of their own, as `ip rule` writes those that people use.
    private var otherWords: [String] {
        var (words, rest) = ([String](), others)
        if let mark = others.integer(FRA_FWMARK) {
            let mask = others.integer(FRA_FWMASK) ?? .max
            words.append(
                "fwmark 0x\(String(mark, radix: 16))" + (mask == .max ? "" : "/0x\(String(mask, radix: 16))"))
            (rest[FRA_FWMARK], rest[FRA_FWMASK]) = (nil, nil)
        }
        for (number, word) in [(FRA_IIFNAME, "iif"), (FRA_OIFNAME, "oif")] {
            if let device = others.text(number) { words.append("\(word) \(device)") }
            rest[number] = nil
        }
        return words + rest.words(Self.attributeNames)
    }

    private static let attributeNames: [Int: OtherAttributes.Name] = [
        FRA_GOTO: "goto", FRA_FLOW: "realms", FRA_TUN_ID: "tun_id", FRA_SUPPRESS_IFGROUP: "suppress_ifgroup",
        FRA_SUPPRESS_PREFIXLEN: "suppress_prefixlength", FRA_FWMASK: "fwmask", FRA_L3MDEV: "l3mdev",
        FRA_UID_RANGE: "uidrange", FRA_IP_PROTO: "ipproto", FRA_SPORT_RANGE: "sport", FRA_DPORT_RANGE: "dport",
    ]
}
