import Addresses

/// A `show` command of EOS.
public enum ShowCommand: Hashable, Sendable {
    case interfaceBrief(AddressFamily)
    case interfaceStatus
    case routes(AddressFamily, RouteList.Filter?)
    case vlans(UInt16?)
    case macAddressTable(vlan: UInt16?)
    case neighbours(AddressFamily)

    /// Reads a command. As in EOS each word may be cut short as long as no other fits: `sh ip int br`.
    public init(_ text: some StringProtocol) throws(ShowCommandError) {
        let words = text.split(whereSeparator: \.isWhitespace).map { $0.lowercased() }
        var fitting = Self.syntaxes
        for (position, word) in words.enumerated() {
            // A whole word is never the beginning of another: `ip` is not `ipv6`.
            let exact = fitting.filter { $0.fits(word, at: position) == .exactly }
            let next = exact.isEmpty ? fitting.filter { $0.fits(word, at: position) != .notAtAll } : exact
            guard !next.isEmpty else {
                throw ShowCommandError(
                    command: String(text), problem: .unknown,
                    closest: (position > 1 ? fitting : Self.syntaxes).map(\.text))
            }
            fitting = next
        }
        let whole = fitting.filter { $0.count == words.count }.compactMap { syntax in
            syntax.command(words).map { (syntax.text, command: $0) }
        }
        guard let first = whole.first else {
            let isShort = fitting.contains { $0.count > words.count }
            throw ShowCommandError(
                command: String(text), problem: isShort ? .incomplete : .unknown, closest: fitting.map(\.text))
        }
        guard Set(whole.map(\.command)).count == 1 else {
            throw ShowCommandError(command: String(text), problem: .ambiguous, closest: whole.map(\.0))
        }
        self = first.command
    }

    /// The commands as a user types them, with `VLAN` and `PREFIX` for values.
    public static var all: [String] { syntaxes.map(\.text) }

    private static let syntaxes: [Syntax] = [
        Syntax("show ip interface brief") { _ in .interfaceBrief(.ipv4) },
        Syntax("show ipv6 interface brief") { _ in .interfaceBrief(.ipv6) },
        Syntax("show interfaces status") { _ in .interfaceStatus },
        Syntax("show ip route") { _ in .routes(.ipv4, nil) },
        Syntax("show ip route connected") { _ in .routes(.ipv4, .source(.connected)) },
        Syntax("show ip route static") { _ in .routes(.ipv4, .source(.static)) },
        Syntax("show ip route bgp") { _ in .routes(.ipv4, .source(.bgp)) },
        Syntax("show ip route PREFIX") { $0.prefix(.ipv4).map { .routes(.ipv4, .towards($0)) } },
        Syntax("show ipv6 route") { _ in .routes(.ipv6, nil) },
        Syntax("show ipv6 route connected") { _ in .routes(.ipv6, .source(.connected)) },
        Syntax("show ipv6 route static") { _ in .routes(.ipv6, .source(.static)) },
        Syntax("show ipv6 route bgp") { _ in .routes(.ipv6, .source(.bgp)) },
        Syntax("show ipv6 route PREFIX") { $0.prefix(.ipv6).map { .routes(.ipv6, .towards($0)) } },
        Syntax("show vlan") { _ in .vlans(nil) },
        Syntax("show vlan brief") { _ in .vlans(nil) },
        Syntax("show vlan VLAN") { $0.vlan.map { .vlans($0) } },
        Syntax("show mac address-table") { _ in .macAddressTable(vlan: nil) },
        Syntax("show mac address-table vlan VLAN") { $0.vlan.map { .macAddressTable(vlan: $0) } },
        Syntax("show arp") { _ in .neighbours(.ipv4) },
        Syntax("show ip arp") { _ in .neighbours(.ipv4) },
        Syntax("show ipv6 neighbors") { _ in .neighbours(.ipv6) },
    ]
}

/// What a command that stands for none is.
public struct ShowCommandError: Error, Hashable, CustomStringConvertible {
    /// What was typed.
    public var command: String
    /// What is wrong with it.
    public var problem: Problem
    /// The commands that it may have been meant to be.
    public var closest: [String]

    /// What is wrong with a command.
    public enum Problem: Hashable, Sendable {
        /// No command begins so.
        case unknown
        /// Words are missing.
        case incomplete
        /// It may mean several.
        case ambiguous
    }

    public var description: String {
        switch problem {
        case .unknown: "“\(command)” is no command here; there are: \(closest.joined(separator: ", "))"
        case .incomplete: "“\(command)” is not a whole command; there are: \(closest.joined(separator: ", "))"
        case .ambiguous: "“\(command)” may mean \(closest.joined(separator: " or "))"
        }
    }

    /// As EOS says it.
    public var short: String {
        switch problem {
        case .unknown: "% Invalid input"
        case .incomplete: "% Incomplete command"
        case .ambiguous: "% Ambiguous command"
        }
    }
}

/// The words of a command, of which capital ones stand for a value.
private struct Syntax: Sendable {
    let text: String
    private let words: [Substring]
    private let make: @Sendable (Value) -> ShowCommand?

    /// A value that was typed.
    struct Value {
        let text: String

        var vlan: UInt16? { UInt16(text).flatMap { (1...4094).contains($0) ? $0 : nil } }

        /// A prefix of a family, or an address as the prefix that holds it alone.
        func prefix(_ family: AddressFamily) -> Prefix? {
            let prefix = Prefix(text) ?? IPAddress(text).map { Prefix($0, length: $0.family.bits) }
            return prefix?.family == family ? prefix : nil
        }
    }

    /// How a typed word fits.
    enum Fit {
        case notAtAll
        /// It is the beginning of the word, or in the place of a value.
        case loosely
        case exactly
    }

    init(_ text: String, _ make: @escaping @Sendable (Value) -> ShowCommand?) {
        self.text = text
        words = text.split(separator: " ")
        self.make = make
    }

    var count: Int { words.count }

    func fits(_ typed: String, at position: Int) -> Fit {
        guard position < words.count else { return .notAtAll }
        let word = words[position]
        if word.first?.isUppercase == true { return .loosely }
        return typed == word ? .exactly : word.hasPrefix(typed) ? .loosely : .notAtAll
    }

    /// The command with the value that was typed; nil for a value that it cannot have.
    func command(_ typed: [String]) -> ShowCommand? {
        let value = zip(typed, words).first { $0.1.first?.isUppercase == true }?.0
        return make(Value(text: value ?? ""))
    }
}
