import Addresses

/// The text of a route, close to what ip-route(8) prints: `192.168.0.0/16 via 10.10.10.10 dev eth1 metric 10`,
/// `10.0.0.0/8 dev eth4`, `10.0.0.0/8 blackhole`, `default via 10.10.10.1`.
extension StaticRoute {
    /// Why text is no route.
    package struct SyntaxError: Error, Hashable, Sendable {
        /// What is wrong and what would be right.
        package let sentence: String
    }

    /// Parses a route.
    package init(parsing text: String) throws(SyntaxError) {
        var words = text.split(whereSeparator: { $0 == " " || $0 == "\t" })[...]
        guard let first = words.popFirst() else {
            throw SyntaxError(sentence: "a route is empty; write one such as 10.0.0.0/8 via 10.10.10.1")
        }
        if first == "blackhole" {
            throw SyntaxError(sentence: "a route begins with where it leads: write 10.0.0.0/8 blackhole")
        }
        var gateway: IPAddress?
        var interface: String?
        var metric: UInt32?
        var isBlackhole = false
        var routing: Substring?
        var cost: UInt32?
        while let word = words.popFirst() {
            func argument(_ what: String) throws(SyntaxError) -> Substring {
                guard let next = words.popFirst() else {
                    throw SyntaxError(sentence: "\(word) requires \(what)")
                }
                return next
            }
            switch word {
            case "via" where gateway == nil:
                let next = try argument("a gateway address")
                guard let address = IPAddress(next) else {
                    throw SyntaxError(sentence: "\"\(next)\" is not an address of a gateway, such as 10.10.10.1")
                }
                gateway = address
            case "dev" where interface == nil: interface = String(try argument("an interface"))
            case "metric" where metric == nil, "cost" where cost == nil && routing == "ospf":
                let next = try argument("a number")
                guard let number: UInt32 = NativeReader.decimal(next) else {
                    throw SyntaxError(sentence: "\"\(next)\" is not a \(word): a whole number")
                }
                if word == "cost" { cost = number } else { metric = number }
            case "proto" where routing == nil:
                let next = try argument("a protocol")
                guard ["ebgp", "ibgp", "ospf"].contains(next) else {
                    throw SyntaxError(
                        sentence: "\"\(next)\" is no protocol that brings routes; it is ebgp, ibgp or ospf")
                }
                routing = next
            case "blackhole" where !isBlackhole: isBlackhole = true
            case "via", "dev", "metric", "blackhole", "proto":
                throw SyntaxError(sentence: "\(word) is given twice in this route")
            default:
                throw SyntaxError(
                    sentence:
                        "\"\(word)\" is not part of a route; it can have via ADDRESS, dev INTERFACE, metric NUMBER "
                        + "or blackhole\(didYouMean(String(word), among: ["via", "dev", "metric", "blackhole"]))")
            }
        }
        if first == "default" {
            guard let gateway else {
                throw SyntaxError(sentence: "default has no family here; write 0.0.0.0/0 or ::/0")
            }
            destination = .all(gateway.family)
        } else {
            destination = try Self.prefix(first)
        }
        self.metric = metric
        source =
            switch routing {
            case "ebgp": .externalBGP
            case "ibgp": .internalBGP
            case "ospf": .ospf(cost: cost ?? 0)
            default: .written
            }
        switch (gateway, interface, isBlackhole) {
        case (let gateway?, let interface, false): target = .gateway(gateway, interface: interface)
        case (nil, let interface?, false): target = .interface(interface)
        case (nil, nil, true): target = .blackhole
        case (nil, nil, false):
            throw SyntaxError(
                sentence: "the route to \(first) does not say which way; add via ADDRESS, dev INTERFACE or blackhole")
        default:
            throw SyntaxError(sentence: "a blackhole has no gateway and no interface")
        }
    }

    /// A prefix, or why text is none.
    static func prefix(_ text: Substring) throws(SyntaxError) -> Prefix {
        if let prefix = Prefix(text) { return prefix }
        if let address = InterfaceAddress(text) {
            throw SyntaxError(
                sentence:
                    "\(text) has host bits set; did you mean \(address.prefix) or \(address.address.hostPrefix)?"
            )
        }
        if let address = IPAddress(text) {
            throw SyntaxError(sentence: "\(text) has no prefix length; write \(address.hostPrefix) for the one address")
        }
        throw SyntaxError(sentence: "\"\(text)\" is not a prefix, such as 192.168.0.0/16 or fd00::/48")
    }
}
