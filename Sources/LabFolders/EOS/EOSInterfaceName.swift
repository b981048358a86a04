/// The name of an EOS interface: `Ethernet1/1`, `Port-Channel10`, `Vlan10`, `Ethernet2.100`.
public struct EOSInterfaceName: Hashable, Sendable {
    /// What kind of interface.
    public var kind: Kind
    /// The numbers before the dot, outermost first: `[1, 1]` of `Ethernet1/1`.
    public var path: [UInt16]
    /// The number after the dot.
    public var subinterface: UInt16?

    /// Sorts of interfaces, as EOS writes them.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case ethernet = "Ethernet"
        case portChannel = "Port-Channel"
        case vlan = "Vlan"
        case loopback = "Loopback"
        case management = "Management"
        case null = "Null"
        case vxlan = "Vxlan"
        case tunnel = "Tunnel"

        /// The kind that a word stands for: EOS takes any beginning that no other kind has, in any case.
        init?(abbreviation word: Substring) {
            let word = word.lowercased()
            let fitting = Self.allCases.filter { $0.rawValue.lowercased().hasPrefix(word) }
            guard !word.isEmpty, let kind = fitting.first, fitting.count == 1 || word == "v" else { return nil }
            // `v` alone is Vlan's.
            self = word == "v" ? .vlan : kind
        }
    }

    /// An interface of a kind.
    public init(_ kind: Kind, _ path: [UInt16], subinterface: UInt16? = nil) {
        self.kind = kind
        self.path = path
        self.subinterface = subinterface
    }

    /// Reads one name, with or without a space before the number (`Ethernet 1`), in full or abbreviated (`Et1`).
    public init?(_ text: some StringProtocol) {
        guard let names = Self.range(text), names.count == 1 else { return nil }
        self = names[0]
    }

    /// Reads a name or a range of names: `Ethernet1-4`, `Et1,3-5/1`, `Vlan10,20`.
    ///
    /// - Returns: nil for what is no name, and for more names than a device has interfaces.
    public static func range(_ text: some StringProtocol) -> [EOSInterfaceName]? {
        let letters = text.prefix { $0.isLetter || $0 == "-" }
        guard let kind = Kind(abbreviation: Substring(letters)) else { return nil }
        let numbers = Substring(text[letters.endIndex...].drop { $0 == " " })
        var names: [EOSInterfaceName] = []
        for part in numbers.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = parse(kind, ends[0]) else { return nil }
            guard ends.count == 2 else {
                names.append(first)
                continue
            }
            // A range counts the last number written: `1/1-4`, `1.10-20`.
            if let from = first.subinterface {
                guard let to = UInt16(ends[1]), from <= to, Int(to - from) <= limit else { return nil }
                names += (from...to).map { EOSInterfaceName(kind, first.path, subinterface: $0) }
            } else {
                let to = ends[1].split(separator: "/", omittingEmptySubsequences: false).last ?? ""
                guard let from = first.path.last, let to = UInt16(to), from <= to, Int(to - from) <= limit else {
                    return nil
                }
                names += (from...to).map { EOSInterfaceName(kind, first.path.dropLast() + [$0]) }
            }
            guard names.count <= limit else { return nil }
        }
        return names.isEmpty ? nil : names
    }

    private static let limit = 4096

    private static func parse(_ kind: Kind, _ text: Substring) -> EOSInterfaceName? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count) else { return nil }
        let path = parts[0].split(separator: "/", omittingEmptySubsequences: false).map { UInt16($0) }
        guard path.count <= 3, path.allSatisfy({ $0 != nil }) else { return nil }
        if parts.count == 1 { return EOSInterfaceName(kind, path.compactMap { $0 }) }
        guard let subinterface = UInt16(parts[1]) else { return nil }
        return EOSInterfaceName(kind, path.compactMap { $0 }, subinterface: subinterface)
    }

    /// The name of the same port in containerlab: `eth1`, `eth1_1`; nil for what is no port.
    public var containerlabName: String? {
        guard kind == .ethernet, subinterface == nil else { return nil }
        return "eth" + path.map(String.init).joined(separator: "_")
    }

    /// The port that containerlab calls `eth1`, `et1_1` or, in newer releases, `Ethernet1/1`.
    public init?(containerlabName name: some StringProtocol) {
        let letters = name.prefix { $0.isLetter }
        guard ["eth", "et", "ethernet"].contains(letters.lowercased()) else { return nil }
        let path = name[letters.endIndex...].split(omittingEmptySubsequences: false) { $0 == "_" || $0 == "/" }
            .map { UInt16($0) }
        guard (1...3).contains(path.count), path.allSatisfy({ $0 != nil }) else { return nil }
        self.init(.ethernet, path.compactMap { $0 })
    }
}

extension EOSInterfaceName: CustomStringConvertible {
    public var description: String {
        kind.rawValue + path.map(String.init).joined(separator: "/") + (subinterface.map { ".\($0)" } ?? "")
    }
}
