import Addresses

extension NetworkCommand {
    /// `ip route …` (`do_iproute` and `iproute_modify` in ip/iproute.c).
    static func route(_ arguments: inout Arguments, _ family: AddressFamily?) throws(CommandRefusal) -> NetworkCommand {
        guard let word = arguments.next() else { return .nothing }
        let verbs = [
            "add", "change", "chg", "replace", "prepend", "append", "test", "delete", "list", "show", "lst", "get",
            "flush",
            "save", "restore", "showdump",
        ]
        switch keyword(word, among: verbs) {
        case "add": return .route(try routeChange(.add(replacing: false), &arguments, family))
        case "append", "prepend":
            var change = try routeChange(.add(replacing: false), &arguments, family)
            change.isFurther = true
            return .route(change)
        case "change", "chg", "replace": return .route(try routeChange(.add(replacing: true), &arguments, family))
        case "delete": return .route(try routeChange(.delete, &arguments, family))
        case "flush", "restore": throw .other("\"ip route \(word)\" is not part of a topology")
        case nil: throw .wrong("\"ip route\" knows no \"\(word)\"")
        default: return .nothing
        }
    }

    private static let routeTypes: Set = [
        "unicast", "blackhole", "unreachable", "prohibit", "local", "broadcast", "throw", "nat", "anycast", "multicast",
        "xresolve",
    ]

    private static func routeChange(
        _ action: Action, _ arguments: inout Arguments, _ family: AddressFamily?
    ) throws(CommandRefusal) -> RouteChange {
        var change = RouteChange(action: action)
        var hop = Hop()
        var hops: [Hop] = []
        var family = family
        var isDefault = false
        while let word = arguments.next() {
            switch word {
            case "via":
                if hop.gateway != nil { throw .wrong("\"via\" is given twice") }
                let gateway = try gateway(&arguments, family)
                if family == nil { family = gateway.family }
                hop.gateway = gateway
            case "dev", "oif": hop.device = try arguments.value(of: word)
            case "src", "from", "as", "encap", "ttl-propagate", "expires", "tos", "mtu", "hoplimit", "advmss", "nhid",
                "rtt", "rto_min":
                throw .other("\"\(word)\" of a route is not part of a topology")
            // The kernel works out the scope; where a gateway is on link without a subnet, the scope is given.
            case "scope": _ = try arguments.value(of: word)
            case "onlink": throw .other("\"onlink\" of a route is not part of a topology")
            case "nexthop":
                hops = try nexthops(&arguments, &family)
            case _ where matches(word, "metric") || matches(word, "priority") || word == "preference":
                change.metric = try arguments.number(of: word)
            case _ where matches(word, "protocol"): _ = try arguments.value(of: word)
            case _ where matches(word, "table"):
                let table = try arguments.value(of: word)
                if table != "main" && table != "254" {
                    throw .other("a route of table \(table) is not part of a topology")
                }
            case _ where routeOptions.contains { matches(word, $0) }:
                throw .other("\"\(word)\" of a route is not part of a topology")
            default:
                var text = word == "to" ? try arguments.value(of: word) : word
                if routeTypes.contains(text) {
                    guard text == "unicast" || text == "blackhole" else {
                        throw .other("a route of type \(text) is not part of a topology")
                    }
                    change.isBlackhole = text == "blackhole"
                    text = try arguments.value(of: text)
                }
                if change.destination != nil || isDefault {
                    throw .wrong("either \"to\" is given twice, or \"\(word)\" is not known")
                }
                if ["default", "any", "all"].contains(text) {
                    isDefault = true
                } else {
                    let address = try prefix(text, family)
                    family = address.family
                    guard address.prefix.address == address.address else {
                        throw .wrong("\"\(text)\" has host bits set; did you mean \(address.prefix)?")
                    }
                    change.destination = address.prefix
                }
            }
        }
        if isDefault { change.destination = .all(family ?? .ipv4) }
        guard change.destination != nil else { throw .wrong("where the route leads is missing") }
        change.hops = hops.isEmpty ? (hop == Hop() ? [] : [hop]) : hops
        if action != .delete, change.hops.isEmpty, !change.isBlackhole {
            throw .wrong("the route has neither \"via\" nor \"dev\"")
        }
        return change
    }

    private static let routeOptions = [
        "dsfield", "reordering", "window", "cwnd", "initcwnd", "initrwnd", "features", "quickack", "congctl", "rttvar",
        "ssthresh", "realms", "vrf", "pref", "fastopen_no_cookie",
    ]

    /// `via [inet|inet6] ADDRESS`.
    private static func gateway(
        _ arguments: inout Arguments, _ family: AddressFamily?
    ) throws(CommandRefusal) -> IPAddress {
        var word = try arguments.value(of: "via")
        var asked = family
        if word == "inet" || word == "inet6" {
            asked = word == "inet" ? .ipv4 : .ipv6
            word = try arguments.value(of: word)
        }
        let gateway = try address(word, asked)
        if let family, gateway.family != family {
            throw .other("a gateway of the other family is not part of a topology")
        }
        return gateway
    }

    /// `nexthop via … dev … weight … nexthop …`, up to the end of the line.
    private static func nexthops(
        _ arguments: inout Arguments, _ family: inout AddressFamily?
    ) throws(CommandRefusal) -> [Hop] {
        var hops = [Hop()]
        while let word = arguments.next() {
            switch word {
            case "nexthop": hops.append(Hop())
            case "via":
                let gateway = try gateway(&arguments, family)
                if family == nil { family = gateway.family }
                hops[hops.count - 1].gateway = gateway
            case "dev": hops[hops.count - 1].device = try arguments.value(of: word)
            case "weight":
                let weight: Int = try arguments.number(of: word)
                if weight != 1 { throw .other("the weight of a next hop is not part of a topology") }
            default: throw .other("\"\(word)\" of a next hop is not part of a topology")
            }
        }
        guard hops.allSatisfy({ $0 != Hop() }) else { throw .wrong("a next hop has neither \"via\" nor \"dev\"") }
        return hops
    }
}
