import Addresses
import NetworkObjects

/// The elements of an interval set in the kernel's form: where each one begins, and where it is over (`NFT_SET_ELEM_INTERVAL_END`).
struct IntervalBounds {
    /// A place where elements begin, or are over.
    struct Bound: Hashable {
        var value: RegisterValue
        var isEnd: Bool
        var comment: String?
    }

    private(set) var bounds: [Bound] = []

    /// The bounds of addresses and prefixes, in their order.
    ///
    /// - Parameters:
    ///   - type: of the addresses.
    ///   - isMerging: whether those that touch or overlap become one, as nft has it in a set of a rule's own.
    ///   - isFirst: whether the set has no elements yet; nft then says that nothing is before the first one.
    /// - Throws: where an element is no address and no prefix of this type.
    init(
        _ elements: [RuleTable.Element], _ type: RuleDataType, isMerging: Bool, isFirst: Bool
    ) throws(UnsayableRule) {
        var ranges: [(first: UInt128, last: UInt128, comment: String?)] = []
        for element in elements {
            guard element.key.count == 1, element.value == nil else { throw UnsayableRule("a range of \(element)") }
            switch element.key[0] {
            case .address(let address) where RuleDataType(address.family) == type:
                ranges.append((address.value, address.value, element.comment))
            case .prefix(let prefix) where RuleDataType(prefix.family) == type:
                ranges.append((prefix.address.value, prefix.lastAddress.value, element.comment))
            default: throw UnsayableRule("a range of \(element)")
            }
        }
        ranges.sort { $0.first < $1.first }
        if isMerging {
            var merged: [(first: UInt128, last: UInt128, comment: String?)] = []
            for range in ranges {
                if let last = merged.last, range.first <= last.last || range.first == last.last &+ 1 {
                    merged[merged.count - 1].last = max(last.last, range.last)
                } else {
                    merged.append(range)
                }
            }
            ranges = merged
        }
        if isFirst, let first = ranges.first, first.first != 0 { append(0, type, isEnd: true) }
        for range in ranges {
            append(range.first, type, isEnd: false, range.comment)
            // Past the last address there is nothing to be said.
            append(range.last &+ 1, type, isEnd: true)
        }
    }

    private mutating func append(_ number: UInt128, _ type: RuleDataType, isEnd: Bool, _ comment: String? = nil) {
        guard !isEnd || bounds.isEmpty || number != 0, let value = RegisterValue(number, type) else { return }
        bounds.append(Bound(value: value, isEnd: isEnd, comment: comment))
    }
}

extension RuleDataType {
    /// The type of a family's addresses.
    init(_ family: AddressFamily) { self = family == .ipv4 ? .ipv4Address : .ipv6Address }
}
