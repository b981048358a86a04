import Addresses

/// What may stand in a place of a command that whoever types it fills.
enum Argument: Hashable, Sendable {
    /// A whole number.
    case number(ClosedRange<Int>)
    /// VLANs: `10,20-30`.
    case vlans
    /// Interfaces in one word: `Ethernet1`, `et1-4,7`.
    case interfaces
    /// The letters of an interface's name, where its number is a word of its own.
    case interfaceKind
    /// The number of an interface, or several, after its letters.
    case portNumbers
    case address(AddressFamily)
    /// An address with the length of its prefix: `10.0.0.1/24`.
    case interfaceAddress(AddressFamily)
    /// A prefix, or an address as the one that holds it alone.
    case prefix(AddressFamily)
    /// `02:00:00:00:00:01`, `0200.0000.0001`
    case macAddress
    /// The name of a VRF; there is one.
    case vrf
    /// An address or a name.
    case host
    /// One word.
    case word
    /// All that follows.
    case line

    /// The argument that a symbol in a syntax stands for; nil for a keyword.
    init?(symbol: String) {
        if let argument = Self.symbols[symbol] {
            self = argument
        } else if symbol.hasPrefix("<") {
            let bounds = symbol.dropFirst().dropLast().split(separator: "-").compactMap { Int($0) }
            guard bounds.count == 2, bounds[0] <= bounds[1] else { return nil }
            self = .number(bounds[0]...bounds[1])
        } else {
            return nil
        }
    }

    private static let symbols: [String: Argument] = [
        "VLANS": .vlans, "INTERFACE": .interfaces, "A.B.C.D": .address(.ipv4), "A:B:C::D": .address(.ipv6),
        "A.B.C.D/E": .interfaceAddress(.ipv4), "A:B:C::D/E": .interfaceAddress(.ipv6),
        "PREFIX": .prefix(.ipv4), "PREFIX6": .prefix(.ipv6), "H.H.H": .macAddress, "VRF": .vrf, "HOST": .host,
        "WORD": .word, "LINE": .line,
    ]

    /// What `?` shows for it, with what that is.
    var suggestions: [Suggestion] {
        switch self {
        case .number(let range):
            [Suggestion("<\(range.lowerBound)-\(range.upperBound)>", "A number in this range", isLiteral: false)]
        case .vlans: [Suggestion("<1-4094>", "VLAN, or several: 10,20-30", isLiteral: false)]
        case .interfaces: []
        case .interfaceKind: InterfaceKind.allCases.map { Suggestion($0.rawValue, $0.help, isLiteral: true) }
        case .portNumbers: [Suggestion("<1-4094>", "Interface number, or several: 1-4,7", isLiteral: false)]
        case .address(.ipv4): [Suggestion("A.B.C.D", "IPv4 address", isLiteral: false)]
        case .address(.ipv6): [Suggestion("A:B:C:D:E:F:G:H", "IPv6 address", isLiteral: false)]
        case .interfaceAddress(.ipv4):
            [Suggestion("A.B.C.D/E", "IPv4 address with its prefix length", isLiteral: false)]
        case .interfaceAddress(.ipv6):
            [Suggestion("A:B:C:D:E:F:G:H/I", "IPv6 address with its prefix length", isLiteral: false)]
        case .prefix(.ipv4):
            [
                Suggestion("A.B.C.D", "IPv4 address", isLiteral: false),
                Suggestion("A.B.C.D/E", "IPv4 prefix", isLiteral: false),
            ]
        case .prefix(.ipv6):
            [
                Suggestion("A:B:C:D:E:F:G:H", "IPv6 address", isLiteral: false),
                Suggestion("A:B:C:D:E:F:G:H/I", "IPv6 prefix", isLiteral: false),
            ]
        case .macAddress: [Suggestion("H.H.H", "Ethernet address", isLiteral: false)]
        case .vrf: [Suggestion("default", "The VRF that all interfaces are in", isLiteral: true)]
        case .host: [Suggestion("WORD", "Hostname or address", isLiteral: false)]
        case .word: [Suggestion("WORD", "A word", isLiteral: false)]
        case .line: [Suggestion("LINE", "The rest of the line", isLiteral: false)]
        }
    }

    /// A word that may stand here.
    var example: String {
        switch self {
        case .number(let range): "\(range.lowerBound)"
        case .vlans, .portNumbers: "1-3,7"
        case .interfaces: "Ethernet1"
        case .interfaceKind: "Ethernet"
        case .address(let family): family == .ipv4 ? "10.0.0.1" : "fd00::1"
        case .interfaceAddress(let family): family == .ipv4 ? "10.0.0.1/24" : "fd00::1/64"
        case .prefix(let family): family == .ipv4 ? "10.0.0.0/8" : "fd00::/64"
        case .macAddress: "0200.0000.0001"
        case .vrf: "default"
        case .host: "10.0.0.1"
        case .word, .line: "word"
        }
    }

    /// Whether a word may stand here.
    func accepts(_ text: String) -> Bool {
        switch self {
        case .number(let range): Int(text).map { range.contains($0) } ?? false
        case .vlans: VLANNumbers(text) != nil
        case .interfaces: InterfaceNames(text) != nil
        case .interfaceKind: InterfaceKind(abbreviation: text) != nil
        case .portNumbers: InterfaceNames("Ethernet" + text) != nil
        case .address(let family): IPAddress(text)?.family == family
        case .interfaceAddress(let family): text.contains("/") && InterfaceAddress(text)?.family == family
        case .prefix(let family): Self.prefix(text)?.family == family
        case .macAddress: Self.macAddress(text) != nil
        case .vrf: ["default", "all"].contains(text.lowercased())
        case .host, .word, .line: true
        }
    }

    /// A prefix, or an address as the one that holds it alone.
    static func prefix(_ text: String) -> Prefix? {
        Prefix(text) ?? IPAddress(text).map { Prefix($0, length: $0.family.bits) }
    }

    /// An address in EOS' form or with colons.
    static func macAddress(_ text: String) -> MACAddress? {
        if let address = MACAddress(text) { return address }
        let groups = text.split(separator: ".", omittingEmptySubsequences: false)
        guard groups.count == 3, groups.allSatisfy({ $0.utf8.count == 4 }) else { return nil }
        let digits = Array(groups.joined())
        return MACAddress(stride(from: 0, to: 12, by: 2).map { String(digits[$0...($0 + 1)]) }.joined(separator: ":"))
    }
}

/// A word that may come next, and what it means.
public struct Suggestion: Hashable, Sendable {
    public var word: String
    public var help: String
    /// Whether it can be typed as it is, and does not stand for a value.
    public var isLiteral: Bool

    init(_ word: String, _ help: String, isLiteral: Bool = true) {
        (self.word, self.help, self.isLiteral) = (word, help, isLiteral)
    }
}

extension Suggestion {
    /// What passes an answer on.
    public static let bar = Suggestion("|", "Output modifiers", isLiteral: false)
}
