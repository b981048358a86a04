import Addresses
import NetworkObjects

/// The number of a link among all links of a lab.
typealias LinkID = Int

/// One namespace's tables, made for looking up when they are first asked.
///
/// A class, though nothing of it changes: a walk takes one at every hop, and copying all of it took most of a walk's time.
final class NamespaceTables: Sendable {
    let name: String
    /// Its own addresses.
    let own: Set<IPAddress>
    let links: [InterfaceName: LinkID]

    private let content: NamespaceContent
    private let ipv4: Lazy<RouteTable>
    private let ipv6: Lazy<RouteTable>
    private let neighbours: Lazy<[NeighbourKey: Neighbour]>
    private let forwarding: Lazy<[ForwardingKey: ForwardingEntry]>
    private let forwardsIPv4: Bool
    private let forwardsIPv6: Bool
    private let forwardingDevices: Set<InterfaceName>
    private let proxyARPDevices: Set<InterfaceName>
    private let answersAllByProxy: Bool

    private struct NeighbourKey: Hashable {
        let device: InterfaceName
        let address: IPAddress
    }

    private struct ForwardingKey: Hashable {
        let device: InterfaceName
        let mac: MACAddress
    }

    init(_ name: String, _ content: NamespaceContent, links: [InterfaceName: LinkID]) {
        self.name = name
        self.content = content
        self.links = links
        let up = Set(content.links.lazy.filter(\.isUp).map(\.name))
        // A link that is down keeps its IPv4 addresses as the host's own, and loses its IPv6 ones.
        own = Set(
            content.addresses.lazy.filter { $0.address.family == .ipv4 || up.contains($0.device) }.map(
                \.address.address))
        (ipv4, ipv6) = (Lazy { Self.routes(.ipv4, content, up) }, Lazy { Self.routes(.ipv6, content, up) })
        neighbours = Lazy {
            Dictionary(
                content.neighbours.lazy.filter { $0.state.contains(.permanent) }
                    .map { (NeighbourKey(device: $0.device, address: $0.address), $0) },
                uniquingKeysWith: { _, last in last })
        }
        forwarding = Lazy {
            Dictionary(
                content.forwarding.lazy.filter { $0.destination != nil }
                    .map { (ForwardingKey(device: $0.device, mac: $0.mac), $0) }, uniquingKeysWith: { _, last in last })
        }
        var (v4, v6, all) = (false, false, false)
        var (forwardingDevices, proxyARPDevices): (Set<InterfaceName>, Set<InterfaceName>) = ([], [])
        for sysctl in content.sysctls {
            switch sysctl.path {
            case "ipv4/ip_forward", "ipv4/conf/all/forwarding": v4 = sysctl.value == "1"
            case "ipv6/conf/all/forwarding": v6 = sysctl.value == "1"
            case "ipv4/conf/all/proxy_arp": all = sysctl.value == "1"
            default:
                guard sysctl.path.hasPrefix("ipv4/conf/"), sysctl.value == "1" else { continue }
                if sysctl.path.hasSuffix("/forwarding"), let device = sysctl.link { forwardingDevices.insert(device) }
                if sysctl.path.hasSuffix("/proxy_arp"), let device = sysctl.link { proxyARPDevices.insert(device) }
            }
        }
        (forwardsIPv4, forwardsIPv6, answersAllByProxy) = (v4, v6, all)
        self.forwardingDevices = forwardingDevices
        self.proxyARPDevices = proxyARPDevices
    }

    /// The routes of a family that can be taken.
    ///
    /// - Parameter up: the links that are up.
    private static func routes(
        _ family: AddressFamily, _ content: NamespaceContent, _ up: Set<InterfaceName>
    ) -> RouteTable {
        let connected = content.addresses.filter { up.contains($0.device) }.compactMap(connectedRoute)
        let usable = content.routes.filter { route in
            route.table == Route.mainTable && (route.device.map(up.contains) ?? true)
        }
        // Of several equal ways any is right; the first stands for them.
        let ways = usable.map { $0.ways[0] }
        return RouteTable(family, (connected + ways).filter { $0.destination.family == family })
    }

    /// The route that the kernel makes of an address with a subnet.
    private static func connectedRoute(_ address: DeviceAddress) -> Route? {
        let interface = address.address
        guard interface.prefixLength < interface.family.bits else { return nil }
        return Route(
            interface.prefix, device: address.device,
            preferredSource: interface.family == .ipv4 ? interface.address : nil,
            metric: interface.family == .ipv4 ? 0 : 256, scope: .onLink(interface.family), origin: .kernel)
    }

    /// The route to one of the namespace's own addresses, as the kernel has it in table `local` (255).
    static func localRoute(_ address: IPAddress) -> Route {
        Route(
            address.hostPrefix, .local, device: "lo", scope: address.family == .ipv4 ? .host : .universe,
            origin: .kernel,
            table: 255)
    }

    func route(to address: IPAddress) -> Route? {
        (address.family == .ipv4 ? ipv4 : ipv6).value.route(to: address)
    }

    func neighbour(_ address: IPAddress, on device: InterfaceName) -> Neighbour? {
        let neighbours = neighbours.value
        return neighbours.isEmpty ? nil : neighbours[NeighbourKey(device: device, address: address)]
    }

    func forwardingEntry(_ mac: MACAddress, on device: InterfaceName) -> ForwardingEntry? {
        forwarding.value[ForwardingKey(device: device, mac: mac)]
    }

    /// Whether packets that come in by a link are forwarded.
    func forwards(_ family: AddressFamily, from device: InterfaceName) -> Bool {
        family == .ipv4 ? forwardsIPv4 || forwardingDevices.contains(device) : forwardsIPv6
    }

    /// Whether the namespace answers on a link for an address that is not its own: it must forward, and have a route to
    /// the address by another link (`arp_process` in net/ipv4/arp.c).
    func answersByProxy(for address: IPAddress, on device: InterfaceName) -> Bool {
        guard address.family == .ipv4, answersAllByProxy || proxyARPDevices.contains(device) else { return false }
        guard forwards(.ipv4, from: device), let route = route(to: address) else { return false }
        return route.kind == .unicast && route.firstWay.device != device
    }

    /// Whether a packet that leaves takes the namespace's own address.
    func masquerades(_ source: IPAddress, to destination: IPAddress) -> Bool {
        content.outgoingNAT.contains { $0.family == source.family && $0.changesSource(source, to: destination) }
    }

    /// The address that the namespace itself sends from on a link.
    ///
    /// IPv4: the link's address in the next hop's subnet, else its first, else the first of any link
    /// (`inet_select_addr` in net/ipv4/devinet.c). IPv6: the link's addresses before others', addresses of the destination's sort (unique local
    /// or not) before others, then the longest common prefix (RFC 6724, section 5, as `ipv6_dev_get_saddr` has it).
    func source(for destination: IPAddress, by route: Route, device: InterfaceName) -> IPAddress? {
        if let preferred = route.preferredSource { return preferred }
        let family = destination.family
        let candidates = content.addresses.lazy.filter { $0.address.family == family && $0.scope != .host }
        if family == .ipv4 {
            let nextHop = route.firstWay.gateway ?? destination
            let near = candidates.first { $0.device == device && $0.address.prefix.contains(nextHop) }
            let chosen = near ?? candidates.first { $0.device == device } ?? candidates.first { _ in true }
            return chosen?.address.address
        }
        var best: (score: (Int, Int, Int), address: IPAddress)?
        for candidate in candidates where candidate.scope == .universe && !candidate.address.address.isLinkLocal {
            let address = candidate.address.address
            let common = (address.value ^ destination.value).leadingZeroBitCount
            let score = (
                candidate.device == device ? 1 : 0,
                address.isUniqueLocal == destination.isUniqueLocal ? 1 : 0,
                min(common, candidate.address.prefixLength)
            )
            if best.map({ $0.score < score }) ?? true { best = (score, address) }
        }
        return best?.address
    }
}
