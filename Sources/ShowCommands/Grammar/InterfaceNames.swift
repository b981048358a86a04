/// Sorts of interfaces, as EOS writes them.
public enum InterfaceKind: String, CaseIterable, Hashable, Sendable {
    case ethernet = "Ethernet"
    case loopback = "Loopback"
    case management = "Management"
    case portChannel = "Port-Channel"
    case vlan = "Vlan"

    /// The sort that a word is the beginning of, if of one alone.
    init?(abbreviation word: some StringProtocol) {
        let word = word.lowercased()
        let fitting = Self.allCases.filter { $0.rawValue.lowercased().hasPrefix(word) }
        guard !word.isEmpty, fitting.count == 1 else { return nil }
        self = fitting[0]
    }

    /// What `?` says of it.
    var help: String {
        switch self {
        case .ethernet: "Hardware Ethernet interface"
        case .loopback: "Loopback interface"
        case .management: "Management interface"
        case .portChannel: "Lag interface"
        case .vlan: "Logical interface into a VLAN"
        }
    }
}

/// Interfaces by name, in the order in which they were typed: `Ethernet1`, `et1-4,7`, `Ethernet1/1-4`.
public struct InterfaceNames: Hashable, Sendable {
    /// Their whole names, each once: `Ethernet1`.
    public private(set) var names: [String]

    /// The most that are told apart.
    private static let limit = 4096

    /// Reads names in one word; nil for what is none. Each part may have letters of its own: `et1-4,po1`.
    public init?(_ text: some StringProtocol) {
        var names: [String] = []
        var kind: InterfaceKind?
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let letters = part.prefix { $0.isLetter || $0 == "-" }
            if !letters.isEmpty { kind = InterfaceKind(abbreviation: letters) }
            guard let known = kind, let more = InterfaceNames(known, part[letters.endIndex...]),
                names.count + more.names.count <= Self.limit
            else { return nil }
            names += more.names
        }
        guard !names.isEmpty else { return nil }
        self.init(unique: names)
    }

    private init(unique names: [String]) {
        var seen: Set<String> = []
        self.names = names.filter { seen.insert($0).inserted }
    }

    /// Interfaces of a sort by their numbers: `1-4,7`, `1/1-4`, `1.100`.
    init?(_ kind: InterfaceKind, _ numbers: some StringProtocol) {
        var names: [String] = []
        for part in numbers.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
            guard (1...2).contains(ends.count), Self.isNumber(ends[0]) else { return nil }
            guard ends.count == 2 else {
                names.append(kind.rawValue + Self.withoutZeros(ends[0]))
                continue
            }
            // A range counts the last number written: `1/1-4`, `1.10-20`; its end may be written whole.
            let digits = ends[0].reversed().prefix { $0.isASCII && $0.isNumber }.count
            let stem = ends[0].dropLast(digits)
            let last = ends[1].hasPrefix(stem) ? ends[1].dropFirst(stem.count) : ends[1]
            guard Self.isNumber(last), let from = UInt16(ends[0].suffix(digits)), let to = UInt16(last), from <= to,
                names.count + Int(to - from) < Self.limit
            else { return nil }
            names += (from...to).map { "\(kind.rawValue)\(Self.withoutZeros(stem))\($0)" }
        }
        guard !names.isEmpty, names.count <= Self.limit else { return nil }
        self.init(unique: names)
    }

    /// Numbers as they are counted: `1/1` for `01/1`.
    private static func withoutZeros(_ text: some StringProtocol) -> String {
        var (result, digits) = ("", "")
        for character in text {
            if character.isNumber {
                digits.append(character)
            } else {
                result += (UInt16(digits).map(String.init) ?? "") + String(character)
                digits = ""
            }
        }
        return result + (UInt16(digits).map(String.init) ?? "")
    }

    /// `7`, `1/1`, `7.100`
    private static func isNumber(_ text: some StringProtocol) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let path = parts[0].split(separator: "/", omittingEmptySubsequences: false)
        return (1...2).contains(parts.count) && (1...3).contains(path.count)
            && (path + parts.dropFirst()).allSatisfy { part in
                !part.isEmpty && part.allSatisfy { $0.isASCII && $0.isNumber } && UInt16(part) != nil
            }
    }

    func contains(_ name: PortName) -> Bool { names.contains(name.description) }

    /// What a mode of configuration is called by: `Et1`, `Et1-3`, `Vl10`.
    public var short: String {
        let first = PortName(names[0])
        guard names.count > 1 else { return first.short }
        let stem = first.short.prefix(2)
        let numbers = names.compactMap { Int($0.drop { !$0.isNumber }) }
        guard numbers.count == names.count else { return "\(stem)…" }
        var parts: [String] = []
        for range in VLANNumbers.ranges(numbers) {
            parts.append(range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)")
        }
        return stem + parts.joined(separator: ",")
    }
}

/// Numbers of VLANs: `10,20-30`.
public struct VLANNumbers: Hashable, Sendable {
    /// From 1 to 4094, in order and apart from each other.
    public let ranges: [ClosedRange<UInt16>]

    /// Reads numbers; nil for anything else, and for numbers that no VLAN has.
    public init?(_ text: some StringProtocol) {
        var numbers: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { part in
                // Swift's own reading takes a sign.
                part.allSatisfy(\.isNumber) ? UInt16(part) : nil
            }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
                first >= 1, first <= last, last <= 4094
            else { return nil }
            numbers.formUnion((first...last).map(Int.init))
        }
        self.init(numbers)
    }

    init(_ numbers: some Sequence<Int>) {
        ranges = Self.ranges(numbers.sorted()).map { UInt16($0.lowerBound)...UInt16($0.upperBound) }
    }

    /// Sorted numbers as ranges.
    static func ranges(_ numbers: [Int]) -> [ClosedRange<Int>] {
        var ranges: [ClosedRange<Int>] = []
        for number in numbers {
            if let last = ranges.last, last.upperBound + 1 == number {
                ranges[ranges.count - 1] = last.lowerBound...number
            } else {
                ranges.append(number...number)
            }
        }
        return ranges
    }

    public func contains(_ id: UInt16) -> Bool { ranges.contains { $0.contains(id) } }

    /// The numbers themselves.
    public var numbers: [UInt16] { ranges.flatMap { Array($0) } }

    /// As EOS writes them: `10,20-30`.
    public var text: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    }
}
