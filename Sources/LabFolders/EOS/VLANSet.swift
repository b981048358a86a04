/// A set of VLANs, as `switchport trunk allowed vlan` names one: `10,20-30`.
public struct VLANSet: Hashable, Sendable {
    /// The members as ranges, in order, with a gap between each and the next.
    public private(set) var ranges: [ClosedRange<UInt16>]

    /// 1 to 4094.
    public static let all = VLANSet(ranges: [1...4094])
    /// None.
    public static let none = VLANSet(ranges: [])

    /// The VLANs of these ranges, which may overlap.
    public init(ranges: [ClosedRange<UInt16>]) {
        self.ranges = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = self.ranges.last, Int(range.lowerBound) <= Int(last.upperBound) + 1 {
                self.ranges[self.ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                self.ranges.append(range)
            }
        }
    }

    /// Reads `10`, `10,20-30`; nil for anything else, and for numbers that no VLAN has.
    public init?(_ text: some StringProtocol) {
        var ranges: [ClosedRange<UInt16>] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
                first >= 1, first <= last, last <= 4094
            else { return nil }
            ranges.append(first...last)
        }
        self.init(ranges: ranges)
    }

    /// These VLANs and those.
    public func union(_ other: VLANSet) -> VLANSet { VLANSet(ranges: ranges + other.ranges) }

    /// These VLANs without those.
    public func subtracting(_ other: VLANSet) -> VLANSet {
        var left = ranges
        for hole in other.ranges {
            left = left.flatMap { range -> [ClosedRange<UInt16>] in
                guard range.overlaps(hole) else { return [range] }
                var parts: [ClosedRange<UInt16>] = []
                if range.lowerBound < hole.lowerBound { parts.append(range.lowerBound...(hole.lowerBound - 1)) }
                if range.upperBound > hole.upperBound { parts.append((hole.upperBound + 1)...range.upperBound) }
                return parts
            }
        }
        return VLANSet(ranges: left)
    }

    public func contains(_ id: UInt16) -> Bool { ranges.contains { $0.contains(id) } }
}
