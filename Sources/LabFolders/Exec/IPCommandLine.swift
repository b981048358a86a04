import Addresses

extension NetworkCommand {
    /// Reads a command.
    ///
    /// - Throws: `CommandRefusal` for what is no change that a topology can say.
    public init(_ command: CommandWords) throws(CommandRefusal) {
        let name = command.words[0].split(separator: "/").last.map(String.init) ?? ""
        var arguments = Arguments(command.words.dropFirst())
        switch name {
        case "ip": self = try Self.ip(&arguments)
        case "sysctl": self = .settings(try Self.sysctl(&arguments))
        default: throw .other(nil)
        }
    }

    /// The words after a program's name, as iproute2 goes through them.
    struct Arguments {
        private var rest: ArraySlice<String>

        init(_ words: ArraySlice<String>) { rest = words }

        /// The next word, which stays.
        var first: String? { rest.first }

        /// Takes the next word.
        mutating func next() -> String? { rest.popFirst() }

        /// Takes the word that an option needs.
        mutating func value(of option: String) throws(CommandRefusal) -> String {
            guard let word = rest.popFirst() else { throw .wrong("\"\(option)\" requires a value") }
            return word
        }

        /// Takes a number.
        mutating func number<N: FixedWidthInteger>(of option: String) throws(CommandRefusal) -> N {
            let text = try value(of: option)
            let number = text.hasPrefix("0x") ? N(text.dropFirst(2), radix: 16) : N(text)
            guard let number else { throw .wrong("\"\(text)\" is no value for \"\(option)\"") }
            return number
        }
    }

    /// Whether a word is a keyword or a beginning of it (`matches` in lib/utils.c of iproute2).
    static func matches(_ word: String, _ keyword: String) -> Bool { !word.isEmpty && keyword.hasPrefix(word) }

    /// The first of the keywords, in the program's own order, that a word begins.
    static func keyword(_ word: String, among keywords: [String]) -> String? {
        keywords.first { matches(word, $0) }
    }

    private static func ip(_ arguments: inout Arguments) throws(CommandRefusal) -> NetworkCommand {
        var family: AddressFamily?
        while let option = arguments.first, option.hasPrefix("-"), option != "--" {
            _ = arguments.next()
            let name = option.hasPrefix("--") ? String(option.dropFirst()) : option
            switch name {
            case "-4": family = .ipv4
            case "-6": family = .ipv6
            case "-0", "-M", "-B": throw .other("\"ip \(option)\" is not part of a topology")
            case _ where matches(name, "-loops") && name.count > 2: _ = arguments.next()
            case _ where matches(name, "-family"):
                switch try arguments.value(of: option) {
                case "inet": family = .ipv4
                case "inet6": family = .ipv6
                default: throw .other("\"ip \(option)\" is not part of a topology")
                }
            case _ where matches(name, "-batch") && name.count > 2, _ where matches(name, "-netns") && name.count > 1:
                throw .other("\"ip \(option)\" is not part of a topology")
            default: break
            }
        }
        if arguments.first == "--" { _ = arguments.next() }
        guard let object = arguments.next() else { throw .wrong("\"ip\" needs an object, such as address") }
        switch keyword(object, among: objects) {
        case "address": return try address(&arguments, family)
        case "route": return try route(&arguments, family)
        case "link": return try link(&arguments)
        case nil: throw .wrong("ip knows no object \"\(object)\"")
        case let other?: throw .other("\"ip \(other)\" is not part of a topology")
        }
    }

    /// ip's objects, in the order in which it looks for what a word begins (`cmds` in ip/ip.c).
    private static let objects = [
        "address", "addrlabel", "maddress", "route", "rule", "neighbor", "neighbour", "ntable", "ntbl", "link", "l2tp",
        "fou", "ila", "macsec", "tunnel", "tunl", "tuntap", "tap", "token", "tcpmetrics", "tcp_metrics", "monitor",
        "xfrm", "mroute", "mrule", "netns", "netconf", "vrf", "sr", "nexthop", "mptcp", "ioam", "help", "stats",
    ]

    /// An address with its prefix length, all of it if none is written (`get_prefix_1` in lib/utils.c).
    static func prefix(_ text: String, _ family: AddressFamily?) throws(CommandRefusal) -> InterfaceAddress {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let address = try self.address(String(parts[0]), family)
        guard parts.count == 2 else { return InterfaceAddress(address, prefixLength: address.family.bits) }
        if let length = Int(parts[1]), (0...address.family.bits).contains(length) {
            return InterfaceAddress(address, prefixLength: length)
        }
        if address.family == .ipv4, let length = IPv4Address(parts[1])?.prefixLength {
            return InterfaceAddress(address, prefixLength: length)
        }
        throw .wrong("\"\(text)\" has no prefix length from 0 to \(address.family.bits)")
    }

    /// An address; an IPv4 one may leave out zero octets at its end (`get_addr_ipv4` in lib/utils.c).
    static func address(_ text: String, _ family: AddressFamily?) throws(CommandRefusal) -> IPAddress {
        var address = IPAddress(text)
        if address == nil, !text.contains(":") {
            let dots = text.count { $0 == "." }
            if dots < 3 { address = IPAddress(text + String(repeating: ".0", count: 3 - dots)) }
        }
        guard let address else { throw .wrong("\"\(text)\" is no address") }
        if let family, address.family != family { throw .wrong("\"\(text)\" is no \(family) address") }
        return address
    }
}
