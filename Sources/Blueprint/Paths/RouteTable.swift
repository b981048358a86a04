import Addresses
import NetworkObjects

/// The routes of one family in a namespace, made for looking up addresses: the longest prefix first, then the lowest
/// metric, then the first.
struct RouteTable {
    /// Those of a small table are tried in order, most specific first.
    private let routes: [Route]
    /// A large table's index, the longest prefixes first; empty for a small one.
    private let byLength: [(mask: UInt128, first: [UInt128: Int32])]

    private static let smallest = 8

    init(_ family: AddressFamily, _ unsorted: [Route]) {
        let metrics = unsorted.map { Route.metric($0.metric, family) }
        guard unsorted.count > Self.smallest else {
            byLength = []
            routes = unsorted.indices.sorted { a, b in
                let (left, right) = (unsorted[a].destination.length, unsorted[b].destination.length)
                return left == right ? (metrics[a], a) < (metrics[b], b) : left > right
            }.map { unsorted[$0] }
            return
        }
        routes = unsorted
        var byLength: [Int: [UInt128: Int32]] = [:]
        for (index, route) in unsorted.enumerated() {
            let (length, key) = (route.destination.length, route.destination.address.value)
            if let first = byLength[length]?[key], metrics[Int(first)] <= metrics[index] { continue }
            byLength[length, default: [:]][key] = Int32(index)
        }
        self.byLength = byLength.sorted { $0.key > $1.key }.map { (Self.mask(family, $0.key), $0.value) }
    }

    /// The route that a packet to an address takes.
    func route(to address: IPAddress) -> Route? {
        if byLength.isEmpty { return routes.first { $0.destination.contains(address) } }
        for (mask, first) in byLength {
            if let index = first[address.value & mask] { return routes[Int(index)] }
        }
        return nil
    }

    /// The fixed bits of a prefix of this length.
    private static func mask(_ family: AddressFamily, _ length: Int) -> UInt128 {
        let host = family.bits - length
        let all: UInt128 = family == .ipv4 ? 0xffff_ffff : .max
        return host >= 128 ? 0 : (all >> UInt128(host)) << UInt128(host)
    }
}
