import Addresses

/// A rule of an nf_tables chain: what it looks at and does, from left to right (nft(8)).
public struct Rule: Hashable, Sendable {
    /// What it consists of.
    public var statements: [Statement]
    /// What its writer says about it.
    public var comment: String?

    public init(_ statements: [Statement], comment: String? = nil) {
        self.statements = statements
        self.comment = comment
    }

    /// A part of a rule.
    public enum Statement: Hashable, Sendable {
        /// Goes on if two expressions are equal, or the first is in the set that the second names.
        case match(Expression, Expression)
        /// Goes on if they are not.
        case mismatch(Expression, Expression)
        /// Counts packets.
        case counter
        /// Where the packet goes.
        case verdict(Verdict)
        /// Where the packet goes, by what a map of verdicts has for a key.
        case verdictMap(Expression, Expression)
        /// Changes something about the packet.
        case set(Expression, to: Expression)
        /// Adds an element to a dynamic set, or renews it.
        case update(set: String, Expression)
        /// Sends the packet to one of these instead, any as often as the others.
        case translation(to: [Destination])
        /// Gives the packet the source address of the link that it leaves by, and a port at random.
        case masquerade
        /// Refuses the packet.
        case reject
        /// What nft lists and no other case says, in nft's words.
        case other(String)
    }

    /// What is looked at, or looked up.
    public indirect enum Expression: Hashable, Sendable {
        case sourceAddress(AddressFamily)
        case destinationAddress(AddressFamily)
        case destinationPort
        case transport
        case mark
        case connectionState
        /// The type of the source address, as the routing tables tell it.
        case sourceAddressType
        case concatenation([Expression])
        /// A random number from 0 on.
        case random(below: Int)
        case and(Expression, UInt32)
        case or(Expression, UInt32)
        /// A set or map of the table.
        case named(String)
        /// A set or map of the rule's own.
        case elements([RuleTable.Element])
        case value(RuleValue)
        /// What nft lists and no other case says, in nft's words.
        case other(String)
    }

    /// Where a packet goes.
    public enum Verdict: Hashable, Sendable {
        case accept
        case drop
        /// To a chain, and back after its end.
        case jump(String)
        /// To a chain.
        case goto(String)
        /// What nft lists and no other case says, in nft's words.
        case other(String)
    }

    /// An address and port that packets are sent to.
    public struct Destination: Hashable, Sendable {
        public var address: IPAddress
        public var port: UInt16

        /// This port of this address.
        public init(_ address: IPAddress, _ port: UInt16) {
            self.address = address
            self.port = port
        }
    }
}

/// A value in a rule, or a part of a set's key.
public enum RuleValue: Hashable, Sendable {
    case address(IPAddress)
    case prefix(Prefix)
    case transport(Transport)
    case number(UInt32)
    /// A number that stands for its bits.
    case bits(UInt32)
    /// What no other case says, in nft's words.
    case other(String)

    /// Reads a value as nft lists it; what is not known is taken as it is.
    init(reading text: Substring) {
        // By the first character: a set may have very many of them.
        if let number = UInt32(text) {
            self = .number(number)
        } else if let address = IPAddress(text) {
            self = .address(address)
        } else if text.contains("/"), let prefix = Prefix(text) {
            self = .prefix(prefix)
        } else if let transport = Transport(String(text)) {
            self = .transport(transport)
        } else {
            self = .other(String(text))
        }
    }
}

// MARK: In nft's words

extension RuleValue: CustomStringConvertible {
    public var description: String {
        switch self {
        case .address(let address): "\(address)"
        case .prefix(let prefix): "\(prefix)"
        case .transport(let transport): "\(transport)"
        case .number(let number): "\(number)"
        case .bits(let bits): bits.hexadecimal
        case .other(let text): text
        }
    }
}

extension Rule: CustomStringConvertible {
    public var description: String {
        let words = statements.map(\.description).joined(separator: " ")
        return comment.map { "\(words) comment \"\($0)\"" } ?? words
    }
}

extension Rule.Statement: CustomStringConvertible {
    public var description: String {
        switch self {
        case .match(let left, .value(.bits(let bits))): "\(left) == \(bits.hexadecimal)"
        case .match(let left, let right): "\(left) \(right)"
        case .mismatch(let left, let right): "\(left) != \(right)"
        case .counter: "counter"
        case .verdict(let verdict): "\(verdict)"
        case .verdictMap(let key, let map): "\(key) vmap \(map)"
        case .set(let what, let value): "\(what) set \(value)"
        case .update(let set, let key): "update @\(set) { \(key) }"
        case .translation(let destinations): Self.translation(destinations)
        case .masquerade: "masquerade fully-random"
        case .reject: "reject"
        case .other(let text): text
        }
    }

    private static func translation(_ destinations: [Rule.Destination]) -> String {
        guard let first = destinations.first else { return "dnat to" }
        let isIPv4 = first.address.family == .ipv4
        if destinations.count == 1 {
            return "dnat to \(isIPv4 ? "\(first.address)" : "[\(first.address)]"):\(first.port)"
        }
        let map = destinations.enumerated().map { "\($0) : \($1.address) . \($1.port)" }.joined(separator: ", ")
        return "dnat \(isIPv4 ? "ip" : "ip6") to numgen random mod \(destinations.count) map { \(map) }"
    }
}

extension Rule.Expression: CustomStringConvertible {
    public var description: String {
        switch self {
        case .sourceAddress(let family): family == .ipv4 ? "ip saddr" : "ip6 saddr"
        case .destinationAddress(let family): family == .ipv4 ? "ip daddr" : "ip6 daddr"
        case .destinationPort: "th dport"
        case .transport: "meta l4proto"
        case .mark: "meta mark"
        case .connectionState: "ct state"
        case .sourceAddressType: "fib saddr type"
        case .concatenation(let parts): parts.map(\.description).joined(separator: " . ")
        case .random(let count): "numgen random mod \(count)"
        case .and(let expression, let bits): "\(expression) & \(bits.hexadecimal)"
        case .or(let expression, let bits): "\(expression) | \(bits.hexadecimal)"
        case .named(let name): "@\(name)"
        case .elements(let elements): "{ \(elements.map(\.description).joined(separator: ", ")) }"
        case .value(let value): "\(value)"
        case .other(let text): text
        }
    }
}

extension Rule.Verdict: CustomStringConvertible {
    public var description: String {
        switch self {
        case .accept: "accept"
        case .drop: "drop"
        case .jump(let chain): "jump \(chain)"
        case .goto(let chain): "goto \(chain)"
        case .other(let text): text
        }
    }

    /// Reads a verdict as nft lists it.
    init(reading text: Substring) {
        let words = text.split(separator: " ")
        switch words.first {
        case "accept" where words.count == 1: self = .accept
        case "drop" where words.count == 1: self = .drop
        case "jump" where words.count == 2: self = .jump(String(words[1]))
        case "goto" where words.count == 2: self = .goto(String(words[1]))
        default: self = .other(String(text))
        }
    }

    /// The chain that it leads to.
    public var chain: String? {
        switch self {
        case .jump(let chain), .goto(let chain): chain
        case .accept, .drop, .other: nil
        }
    }
}

extension UInt32 {
    /// As nft writes bits: `0x00004000`.
    fileprivate var hexadecimal: String {
        let digits = String(self, radix: 16)
        return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
    }
}
