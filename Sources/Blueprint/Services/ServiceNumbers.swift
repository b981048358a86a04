import Addresses
import Calico

/// Numbers that are given out of a range, each once: service addresses by their place in the range, and nodes' ports.
///
/// As Kubernetes does it since KEP-3070 and KEP-3668, what the cluster chooses comes from the range's upper band first,
/// so that the lower band is left for what people choose. Where Kubernetes draws at random, a hash of the service's
/// name says where to begin, so that a service keeps its numbers when others come and go.
struct ServiceNumbers {
    private let range: ClosedRange<Int>
    /// The first number of the upper band.
    private let upper: Int
    private var taken: Set<Int> = []

    /// The positions in a range of service addresses. Position 0 is the network's own, and the last of an IPv4 range its
    /// broadcast address. Of a wide IPv6 range the first 65,536 are used.
    init(positionsIn prefix: Prefix) {
        let bits = min(prefix.family.bits - prefix.length, 16)
        let size = prefix.family == .ipv4 ? 1 << (32 - prefix.length) : 1 << bits
        let last = max(prefix.family == .ipv4 ? size - 2 : size - 1, 1)
        self.init(1...last, lowerBand: size <= 16 ? 0 : min(max(size / 16, 16), 256))
    }

    /// The ports that nodes have for services (`--service-node-port-range`).
    static let nodePorts = ServiceNumbers(30000...32767, lowerBand: 86)

    private init(_ range: ClosedRange<Int>, lowerBand: Int) {
        self.range = range
        upper = lowerBand >= range.count ? range.lowerBound : range.lowerBound + lowerBand
    }

    /// Gives out a number that was asked for; false if it is out of range or given out.
    mutating func take(_ number: Int) -> Bool { range.contains(number) && taken.insert(number).inserted }

    /// Gives out a number of the cluster's choice; nil if there is none left.
    ///
    /// - Parameter seed: whom it is for.
    mutating func choose(for seed: String) -> Int? {
        guard taken.count < range.count else { return nil }
        let hash = SHA1.digest(seed.utf8)[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let count = range.upperBound - upper + 1
        let start = upper + Int(hash % UInt64(count))
        let order = [start...range.upperBound, upper...start, range]
        for part in order {
            for number in part where taken.insert(number).inserted { return number }
        }
        return nil
    }
}
