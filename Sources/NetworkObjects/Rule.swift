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

    /// Whether packets that match it may go no further.
    public var refuses: Bool {
        statements.contains { statement in
            switch statement {
            case .verdict(.drop), .reject: true
            case .verdictMap(_, let map): "\(map)".contains("drop")
            case .verdict(.other(let text)), .other(let text): text.hasPrefix("drop") || text.hasPrefix("reject")
            default: false
            }
        }
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
        /// Sends the packet to this address and port instead (`dnat`).
        case translation(to: Destination)
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
        /// The type of the source address, as the routing tables tell it (`fib`).
        case sourceAddressType
        /// The type of the destination address, as the routing tables tell it.
        case destinationAddressType
        case concatenation([Expression])
        /// A random number from 0 on.
        case random(below: Int)
        case and(Expression, UInt32)
        case or(Expression, UInt32)
        case xor(Expression, UInt32)
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
        /// Back to the chain that it was sent from, or to the policy of a chain with a hook.
        case `return`
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

// MARK: In nft's words

extension Rule: CustomStringConvertible {
    public var description: String {
        let words = statements.map(\.description).joined(separator: " ")
        return comment.map { "\(words) comment \"\($0)\"" } ?? words
    }
}

extension Rule.Statement: CustomStringConvertible {
    public var description: String {
        switch self {
        case .match(let left, let right) where left.isBitwise: "\(left) == \(right)"
        case .match(let left, let right): "\(left) \(right)"
        case .mismatch(let left, let right): "\(left) != \(right)"
        case .counter: "counter"
        case .verdict(let verdict): "\(verdict)"
        case .verdictMap(let key, let map): "\(key) vmap \(map)"
        case .set(let what, let value): "\(what) set \(value)"
        case .update(let set, let key): "update @\(set) { \(key) }"
        case .translation(let destination): "dnat to \(destination)"
        case .masquerade: "masquerade fully-random"
        case .reject: "reject"
        case .other(let text): text
        }
    }
}

extension Rule.Destination: CustomStringConvertible {
    public var description: String { address.family == .ipv4 ? "\(address):\(port)" : "[\(address)]:\(port)" }
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
        case .destinationAddressType: "fib daddr type"
        case .concatenation(let parts): parts.map(\.description).joined(separator: " . ")
        case .random(let count): "numgen random mod \(count)"
        case .and(let expression, let bits): "\(expression) & \(bits.hexadecimal)"
        case .or(let expression, let bits): "\(expression) | \(bits.hexadecimal)"
        case .xor(let expression, let bits): "\(expression) ^ \(bits.hexadecimal)"
        case .named(let name): "@\(name)"
        case .elements(let elements): "{ \(elements.map(\.description).joined(separator: ", ")) }"
        case .value(let value): "\(value)"
        case .other(let text): text
        }
    }

    /// Whether it changes bits of what it looks at, so that nft writes a comparison with `==`.
    var isBitwise: Bool {
        switch self {
        case .and, .or, .xor: true
        default: false
        }
    }
}

extension Rule.Verdict: CustomStringConvertible {
    public var description: String {
        switch self {
        case .accept: "accept"
        case .drop: "drop"
        case .return: "return"
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
        case "return" where words.count == 1: self = .return
        case "jump" where words.count == 2: self = .jump(String(words[1]))
        case "goto" where words.count == 2: self = .goto(String(words[1]))
        default: self = .other(String(text))
        }
    }

    /// The chain that it leads to.
    public var chain: String? {
        switch self {
        case .jump(let chain), .goto(let chain): chain
        case .accept, .drop, .return, .other: nil
        }
    }
}
