import Addresses
import NetworkObjects
import Topology

/// The ways out of a router or node: which prefixes are on link where, and where its static routes lead.
struct NextHops {
    /// The prefixes on link, with the links that are up.
    private(set) var onLink: [(prefix: Prefix, device: InterfaceName)] = []
    private var devices: Set<InterfaceName> = []
    private var routes: [Route] = []

    /// Takes a link that is up, with its addresses.
    mutating func add(_ device: InterfaceName, _ addresses: [InterfaceAddress]) {
        devices.insert(device)
        for address in addresses where address.prefixLength < address.family.bits {
            onLink.append((address.prefix, device))
        }
    }

    /// Takes a device's static routes, and reports those that a router would keep inactive and the kernel refuse, a
    /// sentence each.
    ///
    /// - Returns: the kernel's routes for the others.
    mutating func take(_ written: [StaticRoute], of device: String) -> (routes: [Route], notes: [String]) {
        var notes: [String] = []
        for one in written {
            let name = "\(device): the static route to \(one.destination) is inactive: "
            guard let route = route(for: one) else {
                notes.append(name + "its next hop is on no link that is up.")
                continue
            }
            if onLink.contains(where: { $0.prefix == route.destination }) {
                notes.append(name + "the prefix is on link.")
            } else if let same = routes.firstIndex(where: {
                $0.destination == route.destination && $0.metric == route.metric
            }) {
                if !routes[same].takes(wayOf: route) {
                    notes.append(name + "another one to the same prefix comes before it.")
                }
            } else {
                routes.append(route)
            }
        }
        return (routes, notes)
    }

    /// The kernel's route for a static route; nil where it leads to no link that is up.
    private func route(for written: StaticRoute) -> Route? {
        var route = way(of: written)
        switch written.source {
        case .written: break
        case .externalBGP, .internalBGP: route?.origin = .bgp
        case .ospf: route?.origin = .ospf
        }
        return route
    }

    private func way(of written: StaticRoute) -> Route? {
        let metric = Route.metric(written.metric, written.destination.family)
        switch written.target {
        case .blackhole: return Route(written.destination, .blackhole, metric: metric)
        case .interface(let name):
            guard let device = InterfaceName(name), devices.contains(device) else { return nil }
            return Route(
                written.destination, device: device, metric: metric, scope: .onLink(written.destination.family))
        case .gateway(let gateway, let interface):
            guard let device = device(for: gateway, interface: interface) else { return nil }
            return Route(written.destination, via: gateway, device: device, metric: metric)
        }
    }

    /// The link that a gateway is on.
    private func device(for gateway: IPAddress, interface: String?) -> InterfaceName? {
        let wanted = interface.map { InterfaceName($0) }
        if let wanted, wanted.map(devices.contains) != true { return nil }
        if gateway.family == .ipv6, gateway.isLinkLocal { return wanted ?? nil }
        let matching = onLink.filter { $0.prefix.contains(gateway) && (wanted == nil || wanted == $0.device) }
        return matching.max { $0.prefix.length < $1.prefix.length }?.device
    }

    /// The next hop and link by which an address is reached: itself where it is on link, else as its static route says.
    func hop(to address: IPAddress) -> (gateway: IPAddress, device: InterfaceName)? {
        if let device = device(for: address, interface: nil) { return (address, device) }
        let best = routes.filter { $0.destination.contains(address) }.max {
            ($0.destination.length, $1.metric) < ($1.destination.length, $0.metric)
        }
        guard let best, best.kind == .unicast, let device = best.firstWay.device else { return nil }
        return (best.firstWay.gateway ?? address, device)
    }
}

extension Route {
    /// Takes the way of another route to the same prefix as one more of its own (equal-cost multipath).
    ///
    /// - Returns: false where it leads nowhere, or where the way is one of its own already.
    fileprivate mutating func takes(wayOf other: Route) -> Bool {
        guard kind == .unicast, other.kind == .unicast else { return false }
        if nextHops.isEmpty {
            nextHops = [NextHop(via: gateway, device: device)]
            (gateway, device) = (nil, nil)
        }
        let hop = NextHop(via: other.gateway, device: other.device)
        if nextHops.contains(hop) {
            if nextHops.count == 1 { (gateway, device, nextHops) = (hop.gateway, hop.device, []) }
            return false
        }
        nextHops.append(hop)
        // What has several ways is no route to neighbours.
        scope = .universe
        return true
    }

    /// Its way, or the first of several that share the packets.
    var firstWay: (gateway: IPAddress?, device: InterfaceName?) {
        nextHops.first.map { ($0.gateway, $0.device) } ?? (gateway, device)
    }

    /// The metric as the kernel holds it: an IPv6 route without one gets 1024 (`IP6_RT_PRIO_USER`).
    static func metric(_ written: UInt32?, _ family: AddressFamily) -> UInt32 {
        if let written, written != 0 || family == .ipv4 { return written }
        return family == .ipv6 ? defaultIPv6Metric : 0
    }
}

extension Scope {
    /// The scope of a route to neighbours on a link: IPv6 routes have no scope.
    static func onLink(_ family: AddressFamily) -> Scope { family == .ipv4 ? .link : .universe }
}
