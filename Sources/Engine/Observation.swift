import Addresses
import Blueprint
import NetworkNamespaces
import NetworkObjects
import Rtnetlink
import System

/// What one namespace was seen to hold.
struct ObservedNamespace: Sendable {
    /// The objects that someone installed, those that the kernel makes by itself or learns left out.
    var content = NamespaceContent()
    /// The links by name, with what only a running link has.
    var links: [InterfaceName: ObservedLink] = [:]
    /// The tables as nft lists them; nil where they were not read.
    var rules: RuleListing?
    /// The neighbours and forwarding entries that were learned.
    var learned: [KernelObject] = []

    /// All objects in the order that they are made.
    var objects: [KernelObject] { content.objects + (rules?.tables ?? []).map { .table($0) } }
}

extension Session {
    /// What the namespace holds now.
    ///
    /// Settings are read by the calling thread, which must be inside the namespace. Tables are not read.
    ///
    /// - Parameter wanted: what it should hold: of settings, of which there are hundreds, only those are read that it names;
    ///   and of what is learned, that which stands in the place of something it names counts as installed.
    func observe(for wanted: NamespaceContent) throws -> ObservedNamespace {
        var observed = ObservedNamespace()
        var content = NamespaceContent()
        let links = try socket.links()
        interfaces = InterfaceTable(links)
        observed.links = Dictionary(links.map { ($0.link.name, $0) }, uniquingKeysWith: { first, _ in first })
        content.links = links.map(\.link).filter { link in
            !link.isKernelMade || wanted.links.contains { $0.name == link.name }
        }
        let filtering = Set(content.links.filter(\.filtersVLANs).map(\.name))
        if !filtering.isEmpty {
            // A bridge that does not filter has VLANs all the same, which mean nothing.
            let members = Set(content.links.filter { $0.master.map(filtering.contains) ?? false }.map(\.name))
            content.bridgeVLANs = try socket.bridgeVLANs(in: interfaces).filter {
                members.contains($0.device) || filtering.contains($0.device)
            }
        }
        let addresses = try socket.observedAddresses(in: interfaces)
        let tellsWhoMade = addresses.contains(where: \.isKernelMade)
        content.addresses = addresses.filter { $0.isInstalled(unless: !tellsWhoMade) }.map(\.address)
        content.routes = try socket.routes(in: interfaces).filter(\.isInstalled)
        // The kernel has rules of its own for each family that it knows, whether it is used or not.
        let unused = AddressFamily.allCases.filter { !wanted.families.contains($0) }
        let idle = Set(unused.flatMap { RoutingRule.kernelMade($0) })
        content.rules = try socket.rules().filter { !idle.contains($0) }
        let neighbours = Set(wanted.neighbours.map { KernelObject.neighbour($0).identity })
        for neighbour in try socket.neighbours(in: interfaces) {
            if neighbour.state.contains(.permanent) || neighbours.contains(KernelObject.neighbour(neighbour).identity) {
                content.neighbours.append(neighbour)
            } else if !neighbour.state.contains(.noARP) {
                observed.learned.append(.neighbour(neighbour))
            }
        }
        try observeForwarding(for: wanted, &content, &observed)
        content.qdiscs = try socket.qdiscs(in: interfaces)
        content.sysctls = try wanted.sysctls.compactMap { setting in
            do throws(SystemCallError) {
                return Sysctl(setting.path, try KernelSetting.read(setting.path))
            } catch {
                // The link that it is of is missing, or a module is.
                if error.isNoSuchFile { return nil }
                throw error
            }
        }
        observed.content = content
        return observed
    }

    /// Entries of tunnels, and those that someone put into a bridge's table. What every Ethernet device listens to is no
    /// entry of either.
    private func observeForwarding(
        for wanted: NamespaceContent, _ content: inout NamespaceContent, _ observed: inout ObservedNamespace
    ) throws {
        let tunnels = Set(content.links.filter { if case .vxlan = $0.kind { true } else { false } }.map(\.name))
        let entries = Set(wanted.forwarding.map { KernelObject.forwarding($0).identity })
        for entry in try socket.forwardingEntries(in: interfaces) where entry.isSelf == tunnels.contains(entry.device) {
            if entry.isLocal { continue }
            if entry.isPermanent || entries.contains(KernelObject.forwarding(entry).identity) {
                content.forwarding.append(entry)
            } else {
                observed.learned.append(.forwarding(entry))
            }
        }
    }
}

extension Route {
    /// Whether someone installed the route: the kernel makes the others from addresses and advertisements, and IPv6 ones from
    /// being up.
    var isInstalled: Bool {
        origin != .kernel && origin != .routerAdvertisement && origin != .redirect && table != Route.localTable
            && kind != .local && kind != .multicast && kind != .broadcast && kind != .anycast
    }

    /// The table of the host's own addresses (`RT_TABLE_LOCAL`).
    private static let localTable: UInt32 = 255
}

extension ObservedAddress {
    /// Whether someone installed the address: the kernel gives `lo` its own, and each link one for the link alone.
    ///
    /// - Parameter isUnknown: whether the kernel does not tell which it made. Then a link's own may be any that is for the link
    ///   alone: it is made of the MAC address or of a secret (`addr_gen_mode`).
    fileprivate func isInstalled(unless isUnknown: Bool) -> Bool {
        switch address.scope {
        case .universe: true
        case .host: !isUnknown && !isKernelMade && address.device != "lo"
        default: address.address.family == .ipv4 || !isUnknown && !isKernelMade
        }
    }
}

extension Link {
    /// Whether bridges of this sort tell VLANs apart.
    fileprivate var filtersVLANs: Bool { if case .bridge(let bridge) = kind { bridge.vlanFiltering } else { false } }

    /// Whether it is one of the tunnels that every namespace gets when their module is loaded
    /// (`net.core.fb_tunnels_only_for_init_net`), and not in use: the kernel makes them down.
    fileprivate var isKernelMade: Bool {
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
