extension RuleTable {
    /// Where packets enter a chain.
    public struct Hook: Hashable, Sendable {
        /// `filter`, `nat` or `route`.
        public var type: String
        /// `prerouting`, `forward` and the others, with the device for one that has its own.
        public var point: String
        /// Which of the chains at this point comes first: the one with the lowest number.
        public var priority: Int32
        /// What becomes of a packet that no rule decided on.
        public var policy: String

        /// A hook of these parts.
        public init(_ type: String, _ point: String, _ priority: Int32, policy: String = "accept") {
            self.type = type
            self.point = point
            self.priority = priority
            self.policy = policy
        }

        /// The declaration in a chain of a family, in nft's words.
        func declaration(in family: Family) -> String {
            "type \(type) hook \(point) priority \(Priority(priority).words(family, point)); policy \(policy);"
        }

        /// Reads `type nat hook postrouting priority srcnat + 10; policy accept;`; nil for anything else.
        init?(listed line: String, in family: Family) {
            let parts = line.split(separator: ";").map { $0.split(separator: " ") }
            guard parts.count == 2, let first = parts.first, first.count >= 6, first[0] == "type", first[2] == "hook",
                let word = first.firstIndex(of: "priority"), word > 3, parts[1].count == 2, parts[1][0] == "policy",
                let priority = Priority(first[(word + 1)...].joined(), family)
            else { return nil }
            self.init(
                String(first[1]), first[3..<word].joined(separator: " "), priority.value, policy: String(parts[1][1]))
        }
    }

    /// A priority as nft writes it: the names of nft(8), CHAINS, and what is up to ten from them.
    private struct Priority {
        let value: Int32

        init(_ value: Int32) { self.value = value }

        /// Reads `-110`, `filter` or `dstnat-10`.
        init?(_ text: String, _ family: Family) {
            if let number = Int32(text) {
                value = number
                return
            }
            let name = text.prefix { $0 != "+" && $0 != "-" }
            let rest = text.dropFirst(name.count)
            guard let base = Self.names(family).first(where: { $0.name == name })?.value,
                let offset = rest.isEmpty ? 0 : Int32(rest)
            else { return nil }
            let (sum, isOver) = base.addingReportingOverflow(offset)
            if isOver { return nil }
            value = sum
        }

        func words(_ family: Family, _ point: String) -> String {
            let named = Self.names(family).first { name, base in
                abs(Int64(value) - Int64(base)) <= 10 && (name != "dstnat" || point == "prerouting")
                    && (name != "srcnat" || point == "postrouting") && (name != "out" || point == "output")
            }
            guard let (name, base) = named else { return "\(value)" }
            return value == base ? name : "\(name) \(value < base ? "-" : "+") \(abs(value - base))"
        }

        private static func names(_ family: Family) -> [(name: String, value: Int32)] {
            switch family {
            case .ip, .ip6, .inet:
                [
                    ("raw", -300), ("mangle", -150), ("dstnat", -100), ("filter", 0), ("security", 50), ("srcnat", 100),
                ]
            case .bridge: [("dstnat", -300), ("filter", -200), ("out", 100), ("srcnat", 300)]
            case .arp, .netdev: [("filter", 0)]
            }
        }
    }
}
