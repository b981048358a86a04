import Addresses
import NetworkObjects

/// The routes of one family in a namespace, made for looking up addresses: the longest prefix first, then the lowest
/// metric, then the first.
struct RouteTable {
    private let routes: [Route]
    /// In a small table all routes are tried, most specific first; a large one has an index for each prefix length.
    private let byLength: [(mask: UInt128, first: [UInt128: Int32])]

    private static let smallest = 8

    init(_ family: AddressFamily, _ unsorted: [Route]) {
        routes = unsorted.enumerated().sorted { left, right in
            let (a, b) = (left.element, right.element)
            if a.destination.length != b.destination.length { return a.destination.length > b.destination.length }
            let (am, bm) = (Route.metric(a.metric, family), Route.metric(b.metric, family))
            return am == bm ? left.offset < right.offset : am < bm
        }.map(\.element)
        guard routes.count > Self.smallest else {
            byLength = []
            return
        }
        var byLength: [(mask: UInt128, first: [UInt128: Int32])] = []
        var length = -1
        for (index, route) in routes.enumerated() {
            if route.destination.length != length {
                length = route.destination.length
                byLength.append((Self.mask(family, length), [:]))
            }
            let key = route.destination.address.value
            if byLength[byLength.count - 1].first[key] == nil {
                byLength[byLength.count - 1].first[key] = Int32(index)
            }
        }
        self.byLength = byLength
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
