import Addresses
import NetworkObjects
import Topology

/// What a router's namespace holds, as it grows port by port.
struct RouterContent {
    /// What the kernel must hold.
    private(set) var content = NamespaceContent()
    /// What a user should know of the form that was chosen.
    private(set) var notes: [String] = []
    /// Its ways out, for the routes that others' blocks need.
    private(set) var nextHops = NextHops()

    private let router: Router
    private let isVLANAware: Bool
    private let hasVLANLinks: Bool
    private let cabling: Cabling
    /// The VLANs that the router knows, or a port names: frames of others are dropped by a switch.
    private let vlans: [Router.VLANSegment]

    init(
        _ router: Router, _ cabling: Cabling, _ features: KernelFeatures, problems: inout [BlueprintError.Problem]
    ) {
        self.router = router
        self.cabling = cabling
        // The SVI of a VLAN-aware bridge is an 802.1Q link on it, so one feature without the other is of no use.
        isVLANAware = features.contains(.vlanFiltering) && features.contains(.vlanLinks)
        hasVLANLinks = features.contains(.vlanLinks)
        vlans = Self.allVLANs(of: router)
        content.links = [Link("lo", .loopback)]
        content.sysctls = KernelSettings.router(forwarding: router.forwards)
        let isSwitching = !vlans.isEmpty
        if isSwitching { addBridges() }
        for port in router.ports {
            // A port without a cable has no kernel device: nothing could come in by it.
            guard let end = cabling.end(at: router.name, port.name) else { continue }
            switch port.mode {
            case .access(let vlan): addAccess(port, end, vlan)
            case .trunk(let allowed, let native): addTrunk(port, end, allowed, native, problems: &problems)
            case .routed(let addresses, let subinterfaces):
                addRouted(port, end, addresses, subinterfaces, problems: &problems)
            }
        }
        let ports = Set(router.ports.map(\.name))
        for (name, end) in cabling.ends(at: router.name) where !ports.contains(name) {
            content.links.append(end.link(mtu: nil))
        }
        if isVLANAware && isSwitching { addSVIs() }
        addLoopbacks()
        addRoutes()
        addAddressGeneration()
    }

    /// As in EOS, IPv6 is off on an interface without an address of it: there is no link-local address either
    /// (`addr_gen_mode`, Linux' Documentation/networking/ip-sysctl.rst).
    private mutating func addAddressGeneration() {
        let addressed = Set(content.addresses.filter { $0.address.family == .ipv6 }.map(\.device))
        let interfaces = content.links.filter {
            $0.master == nil && $0.kind != .loopback && $0.name != NamespaceContent.bridgeName
        }.map(\.name)
        guard interfaces.contains(where: { !addressed.contains($0) }) else { return }
        content.sysctls.append(Sysctl("ipv6/conf/default/addr_gen_mode", "1"))
        content.sysctls += interfaces.filter(addressed.contains).map { Sysctl("ipv6/conf/\($0)/addr_gen_mode", "0") }
    }

    /// The VLANs that are declared, then those that only ports name, by number.
    static func allVLANs(of router: Router) -> [Router.VLANSegment] {
        var known = Set(router.vlans.map(\.id))
        var named: [UInt16] = []
        for port in router.ports {
            let vlan: UInt16? =
                switch port.mode {
                case .access(let vlan): vlan
                case .trunk(_, let native): native
                case .routed: nil
                }
            if let vlan, known.insert(vlan).inserted { named.append(vlan) }
        }
        return router.vlans + named.sorted().map { Router.VLANSegment(id: $0) }
    }

    private mutating func addBridges() {
        if isVLANAware {
            content.links.append(
                .bridge(
                    NamespaceContent.bridgeName, Bridge(vlanFiltering: true, defaultPVID: 0), of: router.name))
            return
        }
        for vlan in vlans {
            let name = Self.sviName(vlan.id)
            // A VLAN whose SVI is shut down is switched all the same, so the bridge stays up and has no addresses; but for
            // one without ports.
            let isIdle = vlan.isShutdown && !hasPorts(vlan.id)
            var bridge = Link.bridge(name, of: router.name, mtu: vlan.mtu)
            bridge.isUp = !isIdle
            bridge.alias = vlan.description
            content.links.append(bridge)
            if !vlan.isShutdown || isIdle { add(vlan, as: name) }
        }
        let missing = hasVLANLinks ? "no VLAN filtering on bridges" : "no VLAN filtering on bridges or no 802.1Q links"
        let each = vlans.map { "VLAN \($0.id) is the plain bridge \(Self.sviName($0.id))" }.joined(separator: ", ")
        notes.append("\(router.name): this kernel has \(missing), so \(each).")
    }

    /// Whether a port switches a VLAN.
    private func hasPorts(_ vlan: UInt16) -> Bool {
        router.ports.contains { port in
            switch port.mode {
            case .access(let own): own == vlan
            case .trunk(let allowed, let native): native == vlan || allowed.contains { $0.contains(vlan) }
            case .routed: false
            }
        }
    }

    private mutating func addSVIs() {
        // A VLAN link cannot be larger than the bridge, which takes the smallest MTU of its ports.
        let bridge = NamespaceContent.bridgeName
        let limit = content.links.filter { $0.master == bridge }.compactMap(\.mtu).min() ?? Cabling.ethernetMTU
        for vlan in vlans where !vlan.addresses.isEmpty {
            let name = Self.sviName(vlan.id)
            let mtu = min(vlan.mtu ?? Cabling.ethernetMTU, limit)
            var link = Link(name, .vlan(VLAN(parent: bridge, id: vlan.id)), mtu: mtu, isUp: !vlan.isShutdown)
            link.alias = vlan.description
            content.links.append(link)
            content.bridgeVLANs.append(BridgeVLAN(bridge, id: vlan.id, isSelf: true))
            add(vlan, as: name)
        }
    }

    /// Gives an SVI its addresses.
    private mutating func add(_ vlan: Router.VLANSegment, as name: InterfaceName) {
        content.addresses += vlan.addresses.map { DeviceAddress(name, $0) }
        if !vlan.isShutdown { nextHops.add(name, vlan.addresses) }
    }

    private mutating func addAccess(_ port: Router.Port, _ end: Cabling.End, _ vlan: UInt16) {
        let master = isVLANAware ? NamespaceContent.bridgeName : Self.sviName(vlan)
        add(port, end, master: master)
        if isVLANAware {
            content.bridgeVLANs.append(BridgeVLAN(end.interface, id: vlan, isPVID: true, isUntagged: true))
        }
    }

    private mutating func addTrunk(
        _ port: Router.Port, _ end: Cabling.End, _ allowed: [ClosedRange<UInt16>], _ native: UInt16?,
        problems: inout [BlueprintError.Problem]
    ) {
        let tagged = vlans.map(\.id).filter { id in id != native && allowed.contains { $0.contains(id) } }
        if isVLANAware {
            add(port, end, master: NamespaceContent.bridgeName)
            if let native {
                content.bridgeVLANs.append(BridgeVLAN(end.interface, id: native, isPVID: true, isUntagged: true))
            }
            content.bridgeVLANs += tagged.map { BridgeVLAN(end.interface, id: $0) }
            return
        }
        if cabling.tagged.impossible.contains(Endpoint(router.name, port.name)) {
            problems.append(.needsVLANLinks(Endpoint(router.name, port.name)))
            return
        }
        // Frames with a tag go to the 802.1Q link of their number, the others to the port's own bridge.
        add(port, end, master: native.map(Self.sviName))
        for id in tagged {
            addVLANLink(
                "\(port.name).\(id)", port, end, id, master: Self.sviName(id), addresses: [], problems: &problems)
        }
    }

    private mutating func addRouted(
        _ port: Router.Port, _ end: Cabling.End, _ addresses: [InterfaceAddress],
        _ subinterfaces: [Router.Subinterface], problems: inout [BlueprintError.Problem]
    ) {
        add(port, end, master: nil)
        content.addresses += addresses.map { DeviceAddress(end.interface, $0) }
        if !port.isShutdown { nextHops.add(end.interface, addresses) }
        if cabling.tagged.impossible.contains(Endpoint(router.name, port.name)) {
            problems.append(.needsVLANLinks(Endpoint(router.name, port.name)))
            return
        }
        for sub in subinterfaces {
            addVLANLink(
                "\(port.name).\(sub.number)", port, end, sub.vlan, master: nil, addresses: sub.addresses,
                problems: &problems)
        }
    }

    private mutating func add(_ port: Router.Port, _ end: Cabling.End, master: InterfaceName?) {
        var link = end.link(mtu: port.mtu, master: master, isUp: !port.isShutdown)
        link.alias = port.description
        content.links.append(link)
    }

    private mutating func addVLANLink(
        _ text: String, _ port: Router.Port, _ end: Cabling.End, _ id: UInt16, master: InterfaceName?,
        addresses: [InterfaceAddress], problems: inout [BlueprintError.Problem]
    ) {
        guard let name = InterfaceName(text) else {
            problems.append(.interfaceName(Endpoint(router.name, text)))
            return
        }
        let kind: Link.Kind =
            hasVLANLinks
            ? .vlan(VLAN(parent: end.interface, id: id)) : cabling.tagged.substitute(name, of: router.name)
        // Frames that are not taken need no way out of a bridge.
        if case .bridge = kind, master != nil { return }
        // The kernel brings no 802.1Q link up on a parent that is down.
        content.links.append(
            Link(
                name, kind, mtu: port.mtu ?? end.mtu, master: master,
                isUp: !port.isShutdown))
        content.addresses += addresses.map { DeviceAddress(name, $0) }
        if !port.isShutdown { nextHops.add(name, addresses) }
    }

    /// Loopback addresses go on `lo`: a dummy device does not exist on every kernel.
    private mutating func addLoopbacks() {
        content.addresses += router.loopbacks.flatMap { $0.addresses.map { DeviceAddress("lo", $0) } }
    }

    private mutating func addRoutes() {
        let taken = nextHops.take(router.routes, of: router.name)
        content.routes += taken.routes
        notes += taken.notes
    }

    /// Takes the routes that the cluster's nodes would announce; a static route to the same prefix comes before them.
    mutating func addAnnounced(_ routes: [Route]) {
        let own = Set(content.routes.map(\.destination))
        content.routes += routes.filter { !own.contains($0.destination) }
    }

    /// The name of a VLAN's SVI: `vlan10`.
    static func sviName(_ vlan: UInt16) -> InterfaceName {
        guard let name = InterfaceName("vlan\(vlan)") else {
            preconditionFailure("vlan and five digits are a valid name")
        }
        return name
    }
}
