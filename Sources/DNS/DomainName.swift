/// A domain name (RFC 1035, 3.1): labels of 1 to 63 octets, at most 255 octets in all.
///
/// Names compare without regard to the case of ASCII letters (RFC 4343); the case that a name came in is kept.
public struct DomainName: Sendable {
    /// The name as it is in a message without compression: each label after its length, then a zero.
    public let wire: [UInt8]

    /// The longest name in octets, with the closing zero.
    static let maximumLength = 255
    /// The longest label in octets.
    static let maximumLabel = 63

    /// The root: no labels.
    public static let root = DomainName(trusted: [0])

    init(trusted wire: [UInt8]) { self.wire = wire }

    /// Parses labels with dots between them; a dot at the end changes nothing. There is no escape character.
    ///
    /// - Returns: nil for an empty label, or one or a name that is too long.
    public init?(_ text: some StringProtocol) {
        var labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        if labels.last?.isEmpty == true { labels.removeLast() }
        if text.utf8.elementsEqual([UInt8(ascii: ".")]) { labels = [] }
        var wire: [UInt8] = []
        for label in labels {
            guard !label.isEmpty, label.count <= Self.maximumLabel else { return nil }
            wire.append(UInt8(label.count))
            wire += label
        }
        guard wire.count < Self.maximumLength else { return nil }
        self.wire = wire + [0]
    }

    /// This name with further labels before it; nil if that is too long.
    public func child(_ labels: String) -> DomainName? { DomainName(labels)?.followed(by: self) }

    /// This name and then another; nil if that is too long.
    func followed(by other: DomainName) -> DomainName? {
        guard wire.count + other.wire.count - 1 <= Self.maximumLength else { return nil }
        return DomainName(trusted: wire.dropLast() + other.wire)
    }

    /// The end of the name that is as long as another one: a zone, in the letters in which a name below it was asked for.
    func suffix(asLongAs other: DomainName) -> DomainName { DomainName(trusted: Array(wire.suffix(other.wire.count))) }

    init(_ labels: some Sequence<ArraySlice<UInt8>>) {
        wire = labels.reduce(into: []) { $0 += [UInt8($1.count)] + $1 } + [0]
    }

    /// The labels, the leftmost first.
    public var labels: [ArraySlice<UInt8>] {
        var labels: [ArraySlice<UInt8>] = []
        var offset = 0
        while wire[offset] != 0 {
            let end = offset + 1 + Int(wire[offset])
            labels.append(wire[offset + 1..<end])
            offset = end
        }
        return labels
    }

    /// Whether the name is this one or lies below it.
    public func isInside(_ zone: DomainName) -> Bool {
        let start = wire.count - zone.wire.count
        guard start >= 0 else { return false }
        var offset = 0
        while offset < start, wire[offset] != 0 { offset += 1 + Int(wire[offset]) }
        return offset == start && zip(wire[start...], zone.wire).allSatisfy { folded($0) == folded($1) }
    }
}

/// An octet with ASCII capitals made small. Lengths of labels are below the letters and stay as they are.
@inline(__always)
func folded(_ octet: UInt8) -> UInt8 { octet &- 0x41 < 26 ? octet | 0x20 : octet }

extension DomainName: Hashable {
    public static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.wire.count == rhs.wire.count && zip(lhs.wire, rhs.wire).allSatisfy { folded($0) == folded($1) }
    }

    public func hash(into hasher: inout Hasher) {
        // Eight octets at a time: one call a word and not one an octet.
        var word: UInt64 = 0
        var count = 0
        for octet in wire {
            word = word << 8 | UInt64(folded(octet))
            count += 1
            if count % 8 == 0 { hasher.combine(word) }
        }
        hasher.combine(word)
        hasher.combine(count)
    }
}

extension DomainName: CustomStringConvertible {
    /// The text of master files (RFC 1035, 5.1): with a dot at the end, and `\DDD` for what does not print.
    public var description: String {
        if wire.count == 1 { return "." }
        var text: [UInt8] = []
        for label in labels {
            for octet in label {
                switch octet {
                case UInt8(ascii: "."), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), octet]
                case 0x21...0x7e: text.append(octet)
                default:
                    text.append(UInt8(ascii: "\\"))
                    text += [octet / 100, octet / 10 % 10, octet % 10].map { $0 + UInt8(ascii: "0") }
                }
            }
            text.append(UInt8(ascii: "."))
        }
        return String(decoding: text, as: UTF8.self)
    }
}
