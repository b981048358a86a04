import Addresses

/// The name of an interface as EOS writes it, `Ethernet1` or `Et1`, for one that Linux calls `eth1`.
public struct PortName: Hashable, Sendable, CustomStringConvertible {
    /// The whole name, `Ethernet1`.
    public let description: String

    /// The interface with this name.
    init(_ name: String) { description = name }

    /// The name for a link: `eth1` and `et1_1` are Ethernet ports as in containerlab, `eth0` and `ma0` the management port,
    /// `vlan10` an SVI. A link of another name keeps it.
    public init(kernel name: InterfaceName) {
        let text = "\(name)"
        if text == "eth0" || text == "ma0" {
            description = "Management0"
            return
        }
        let letters = text.prefix { $0.isLetter }
        let numbers = text[letters.endIndex...].replacing("_", with: "/")
        let isNumbered = numbers.first?.isNumber == true && numbers.allSatisfy { $0.isNumber || "/.".contains($0) }
        guard isNumbered, let word = Self.words[letters.lowercased()] else {
            description = text
            return
        }
        description = word + numbers
    }

    private static let words = ["eth": "Ethernet", "et": "Ethernet", "ethernet": "Ethernet", "vlan": "Vlan"]

    /// The name as narrow columns have it: `Et1`, `Vl10`, `Lo0`, `Ma0`.
    public var short: String {
        let letters = description.prefix { $0.isLetter || $0 == "-" }
        guard Self.kinds.contains(String(letters)), letters.count < description.count else { return description }
        return String(letters.prefix(2) + description[letters.endIndex...])
    }

    private static let kinds: Set<String> = ["Ethernet", "Vlan", "Loopback", "Management", "Port-Channel"]
}

extension PortName: Comparable {
    /// By sort, then by number: `Ethernet2` before `Ethernet10`.
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.key.lexicographicallyPrecedes(rhs.key) }

    /// The letters of the name as one part, and each of its numbers as one.
    private var key: [Part] {
        let letters = description.prefix { $0.isLetter }
        let numbers = description[letters.endIndex...].split { !$0.isNumber }
        return [Part(letters: String(letters), number: 0)] + numbers.map { Part(letters: "", number: Int($0) ?? .max) }
    }

    private struct Part: Comparable {
        var letters: String
        var number: Int

        static func < (lhs: Self, rhs: Self) -> Bool { (lhs.letters, lhs.number) < (rhs.letters, rhs.number) }
    }
}
