import Addresses
import Blueprint
import NetworkNamespaces
import NetworkObjects
import Rtnetlink
import System

/// What one namespace was seen to hold.
struct NamespaceSnapshot: Sendable {
    /// The objects that someone installed, those that the kernel makes by itself or learns left out.
    var content = NamespaceContent()
    /// The links by name, with what only a running link has.
    var links: [InterfaceName: ObservedLink] = [:]
    /// The tables as nft lists them; nil where they were not read.
    var rules: RuleListing?
    /// What was learned: neighbours and forwarding entries.
    var learned: [KernelObject] = []
    /// The kinds of objects that this kernel does not list.
    var unlisted: [String] = []
    /// What of settings and links is neither as the blueprint says nor as it is where nobody has touched it; empty where that was not
    /// looked for.
    var deviations: [ObjectFinding] = []

    /// All objects in the order that they are made.
    var objects: [KernelObject] { content.objects + (rules?.tables ?? []).map { KernelObject($0) } }
}

/// What an observation is made with.
struct ObservationContext {
    /// What the namespace should hold.
    var wanted: NamespaceContent
    /// Its links.
    var links: [ObservedLink]
    /// Their numbers.
    var interfaces: InterfaceTable
    /// Whether kinds are looked for of which few labs have any.
    var everything: Bool
    /// The families of which also what the kernel has by itself is told.
    var families: Set<AddressFamily>
    /// All addresses and routes, those that the kernel made by itself too.
    var addresses: [ObservedAddress]
    var routes: [Route]
    /// All that the kernel tells of links, by their numbers; empty where that was not asked for.
    var details: [InterfaceIndex: LinkDetail]
    /// The IPv6 groups that links are in, by their numbers; empty where neither details nor everything was asked for.
    var groups: [InterfaceIndex: Set<IPv6Address>]
}

/// Objects of a kind as they were found. Those that the kernel makes by itself are in neither list.
struct FoundObjects<Object: NetworkObject> {
    /// What someone installed, and what stands in its place.
    var installed: [Object] = []
    /// What the kernel learned.
    var learned: [Object] = []
    /// What the kernel has no list of.
    var unlisted: [String] = []
}

/// A kind of which the kernel makes or learns objects too, or that is not listed by rtnetlink alone.
protocol SelectivelyObserved: NetworkObject {
    /// The objects in a namespace.
    static func observe(
        _ socket: inout RouteSocket, _ context: ObservationContext, in inside: borrowing InsideNamespace
    ) throws -> FoundObjects<Self>
}

extension Session {
    /// What the namespace holds now. Tables are not read.
    ///
    /// - Parameters:
    ///   - wanted: what it should hold: of settings, of which there are hundreds, only those are read that it names; and of
    ///     what is learned, that which stands in the place of something it names counts as installed.
    ///   - everything: whether kinds are looked for of which few labs have any.
    ///   - families: those of which also what the kernel has by itself is told; nil for those that are used.
    ///   - inside: the namespace.
    func observe(
        for wanted: NamespaceContent, everything: Bool = false, families: Set<AddressFamily>? = nil,
        in inside: borrowing InsideNamespace
    ) throws -> NamespaceSnapshot {
        try look(for: wanted, everything: everything, inDetail: false, families: families, in: inside).seen
    }

    /// As `observe`, with what it was made of.
    ///
    /// - Parameter inDetail: whether all that the kernel tells of links is kept.
    func look(
        for wanted: NamespaceContent, everything: Bool, inDetail: Bool, families: Set<AddressFamily>? = nil,
        in inside: borrowing InsideNamespace
    ) throws -> (seen: NamespaceSnapshot, context: ObservationContext) {
        let found = try withSocket { socket in
            let (links, details) = try inDetail ? socket.linksInDetail() : (links: socket.links(), details: [:])
            let table = InterfaceTable(links)
            let context = ObservationContext(
                wanted: wanted, links: links, interfaces: table,
                everything: everything || !wanted.lists[OpaqueObject.self].isEmpty,
                families: families ?? wanted.families, addresses: try socket.observedAddresses(in: table),
                routes: try socket.routes(in: table), details: details,
                groups: try everything || inDetail ? socket.groups() : [:])
            return (seen: try NamespaceSnapshot(&socket, context, in: inside), context: context)
        }
        interfaces = found.context.interfaces
        return found
    }
}

extension NamespaceSnapshot {
    /// Adds what was found of kinds that have no value here.
    mutating func add(_ listing: OpaqueListing) {
        content.lists[OpaqueObject.self] += listing.objects
        unlisted += listing.unlisted
    }

    fileprivate init(
        _ socket: inout RouteSocket, _ context: ObservationContext, in inside: borrowing InsideNamespace
    ) throws {
        links = Dictionary(context.links.map { ($0.link.name, $0) }, uniquingKeysWith: { first, _ in first })
        for kind in ObjectKinds.all {
            if let kind = kind as? any SelectivelyObserved.Type {
                try select(kind, &socket, context, in: inside)
            } else if let kind = kind as? any RouteObject.Type, kind != LinkAttribute.self {
                try list(kind, &socket, context)
            }
        }
    }

    private mutating func select<Object: SelectivelyObserved>(
        _: Object.Type, _ socket: inout RouteSocket, _ context: ObservationContext,
        in inside: borrowing InsideNamespace
    ) throws {
        let found = try Object.observe(&socket, context, in: inside)
        content.lists[Object.self] = found.installed
        learned += found.learned.map { KernelObject($0) }
        unlisted += found.unlisted
    }

    private mutating func list<Object: RouteObject>(
        _: Object.Type, _ socket: inout RouteSocket, _ context: ObservationContext
    ) throws {
        // The kernel has objects of its own for each family that it knows, whether it is used or not.
        let unused = AddressFamily.allCases.filter { !context.families.contains($0) }
        let idle = Set(unused.flatMap { Object.kernelMade($0) })
        content.lists[Object.self] = try Object.all(&socket, in: context.interfaces).filter { !idle.contains($0) }
    }
}

extension Link: SelectivelyObserved {
    static func observe(
        _ socket: inout RouteSocket, _ context: ObservationContext, in inside: borrowing InsideNamespace
    ) throws -> FoundObjects<Link> {
        FoundObjects(
            installed: context.links.map(\.link).filter { link in
                !link.isKernelMade || context.wanted.links.contains { $0.name == link.name }
            })
    }

    /// Whether bridges of this sort tell VLANs apart.
    fileprivate var filtersVLANs: Bool { if case .bridge(let bridge) = kind { bridge.vlanFiltering } else { false } }

    /// Whether it is one of the tunnels that every namespace gets when their module is loaded
    /// (`net.core.fb_tunnels_only_for_init_net`), and not in use: the kernel makes them down.
    private var isKernelMade: Bool {
        switch kind {
        case .ipip(let ipip): ipip == IPIP() && !isUp && name == "tunl0"
        case .other: Self.fallbackTunnels.contains("\(name)")
        default: false
        }
    }

    private static let fallbackTunnels: Set<String> = [
        "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0",
    ]
}

extension BridgeVLAN: SelectivelyObserved {
    /// A bridge that does not filter has VLANs all the same, which mean nothing.
    static func observe(
        _ socket: inout RouteSocket, _ context: ObservationContext, in inside: borrowing InsideNamespace
    ) throws -> FoundObjects<BridgeVLAN> {
        let links = context.links.map(\.link)
        let filtering = Set(links.filter(\.filtersVLANs).map(\.name))
        if filtering.isEmpty { return FoundObjects() }
        let members = Set(links.filter { $0.master.map(filtering.contains) ?? false }.map(\.name)).union(filtering)
        return FoundObjects(
            installed: try socket.bridgeVLANs(in: context.interfaces).filter { members.contains($0.device) })
    }
}

extension Sysctl: SelectivelyObserved {
    static func observe(
        _ socket: inout RouteSocket, _ context: ObservationContext, in inside: borrowing InsideNamespace
    ) throws -> FoundObjects<Sysctl> {
        FoundObjects(
            installed: try context.wanted.sysctls.compactMap { setting in
                do throws(SystemCallError) {
                    return Sysctl(setting.path, try inside.sysctl(setting.path))
                } catch {
                    // The link that it is of is missing, or a module is.
                    if error.isNoSuchFile { return nil }
                    throw error
                }
            })
    }
}

extension DeviceAddress: SelectivelyObserved {
    static func observe(
        _ socket: inout RouteSocket, _ context: ObservationContext, in inside: borrowing InsideNamespace
    ) throws -> FoundObjects<DeviceAddress> {
        let addresses = context.addresses
        let tellsWhoMade = addresses.contains(where: \.isKernelMade)
        return FoundObjects(
            installed: addresses.filter { $0.isInstalled(unless: !tellsWhoMade) }.map(\.address))
    }
}

extension ObservedAddress {
    /// Whether someone installed the address: the kernel gives `lo` its own, and each link one for the link alone.
    ///
    /// - Parameter isUnknown: whether the kernel does not tell which it made. Then a link's own may be any that is for the link
    ///   alone: it is made of the MAC address or of a secret (`addr_gen_mode`).
    fileprivate func isInstalled(unless isUnknown: Bool) -> Bool {
        switch address.scope {
        case .host: !isUnknown && !isKernelMade && address.device != "lo"
        case .link, .site: address.address.family == .ipv4 || !isUnknown && !isKernelMade
        default: true
        }
    }
}

extension Route: SelectivelyObserved {
    static func observe(
        _ socket: inout RouteSocket, _ context: ObservationContext, in inside: borrowing InsideNamespace
    ) throws -> FoundObjects<Route> {
        FoundObjects(installed: context.routes.filter(\.isInstalled))
    }

    /// Whether someone installed the route: the kernel makes others from addresses, which have no gateway, from being up, and
    /// from what routers tell.
    var isInstalled: Bool {
        switch origin {
        case .kernel: gateway != nil || !nextHops.isEmpty || nextHopID != nil
        case .routerAdvertisement, .redirect: false
        default: true
        }
    }
}

extension Neighbour: SelectivelyObserved {
    static func observe(
        _ socket: inout RouteSocket, _ context: ObservationContext, in inside: borrowing InsideNamespace
    ) throws -> FoundObjects<Neighbour> {
        // In a big lab the listing of each of a thousand pods would go through the entries of all the others.
        let isListed = context.everything || context.wanted.meetsOthers
        let all =
            try isListed
            ? socket.neighbours(in: context.interfaces)
            : socket.neighbours(of: context.wanted.neighbours, in: context.interfaces)
        let wanted = Set(context.wanted.neighbours.map(\.identity))
        let macs = Dictionary(
            context.links.map { ($0.link.name, $0.link.mac) }, uniquingKeysWith: { first, _ in first })
        var found = FoundObjects<Neighbour>()
        for neighbour in all {
            if neighbour.state.contains(.permanent) || wanted.contains(neighbour.identity) {
                found.installed.append(neighbour)
            } else if !neighbour.state.contains(.noARP) {
                found.learned.append(neighbour)
            } else if let mac = neighbour.mac, mac.isOfOneHost, mac != macs[neighbour.device] {
                // The kernel enters groups, broadcasts and, on links without neighbours, the link's own address.
                found.installed.append(neighbour)
            }
        }
        return found
    }
}

extension NamespaceContent {
    /// Whether others of the lab are to be found on its links by their own addresses. A pod has its node alone there, by one that is not
    /// the lab's.
    fileprivate var meetsOthers: Bool {
        links.contains(where: \.isTunnel) || addresses.contains { $0.address.prefixLength < $0.address.family.bits }
    }
}

extension ForwardingEntry: SelectivelyObserved {
    /// What every Ethernet device listens to, its groups and the addresses of links upon it, nobody installed.
    static func observe(
        _ socket: inout RouteSocket, _ context: ObservationContext, in inside: borrowing InsideNamespace
    ) throws -> FoundObjects<ForwardingEntry> {
        let links = context.links.map(\.link)
        let tunnels = Set(links.filter { if case .vxlan = $0.kind { true } else { false } }.map(\.name))
        let own = Set(links.compactMap(\.mac))
        let wanted = Set(context.wanted.forwarding.map(\.identity))
        var groups = ListenedGroups(context.groups)
        var found = FoundObjects<ForwardingEntry>()
        for entry in try socket.forwardingEntries(in: context.interfaces) where !entry.isLocal {
            if entry.isSelf, !tunnels.contains(entry.device) {
                if own.contains(entry.mac) { continue }
                if !entry.mac.isOfOneHost {
                    guard context.everything, try groups.isSomebodys(entry.mac, in: inside) else { continue }
                }
            }
            if entry.isPermanent || wanted.contains(entry.identity) {
                found.installed.append(entry)
            } else {
                found.learned.append(entry)
            }
        }
        return found
    }
}

extension OpaqueObject: SelectivelyObserved {
    static func observe(
        _ socket: inout RouteSocket, _ context: ObservationContext, in inside: borrowing InsideNamespace
    ) throws -> FoundObjects<OpaqueObject> {
        guard context.everything else { return FoundObjects() }
        let (routing, ipsec) = (try socket.opaqueObjects(in: context.interfaces), try OpaqueListing.ipsec(in: inside))
        return FoundObjects(
            installed: routing.objects + ipsec.objects, unlisted: routing.unlisted + ipsec.unlisted)
    }
}
