import Addresses
import NetworkObjects

/// An interface as a router counts them: a port, a port channel, an SVI, a sub-interface or a loopback.
struct RouterInterface: Sendable {
    var name: PortName
    /// What it is in the kernel: of a port channel, the port that carries its traffic.
    var link: ObservedLink
    var kind: InterfaceKind
    var description: String?
    /// Its addresses of both families, without the ones that the kernel makes for the link alone.
    var addresses: [ObservedAddress]
    /// `trunk`, `routed`, the number of its VLAN, or `in Po1`.
    var mode: String
    /// Of a port channel, its ports.
    var members: [InterfaceName] = []

    var isUp: Bool { link.link.isUp }
    var carries: Bool { link.carries }
    var isSwitched: Bool { mode == "trunk" || UInt16(mode) != nil }

    /// `connected`, `notconnect` or `disabled`
    var status: String { !isUp ? "disabled" : carries ? "connected" : "notconnect" }
    /// `up`, `down` or `admin down`
    var administrativeStatus: String { !isUp ? "admin down" : carries ? "up" : "down" }

    /// In bytes: of a loopback 65535, one byte less than the kernel's.
    var mtu: UInt32? { kind == .loopback ? link.link.mtu.map { min($0, 65535) } : link.link.mtu }

    /// The addresses of a family, those for the link alone left out.
    func addresses(_ family: AddressFamily) -> [ObservedAddress] {
        addresses.filter { $0.address.address.family == family && $0.address.scope != .link }
    }

    var linkLocal: ObservedAddress? { addresses.first { $0.address.scope == .link } }
}

extension RouterTables {
    /// The interfaces by name, of these names alone if there are any.
    func interfaces(_ names: InterfaceNames? = nil) -> [RouterInterface] {
        let switching = SwitchPorts(self)
        var found = links.compactMap { link -> RouterInterface? in
            let name = PortName(kernel: link.link.name)
            guard let kind = name.kind else { return nil }
            if kind == .vlan, !isInterface(link, switching) { return nil }
            // Where each VLAN is a bridge of its own, a trunk has a link for each VLAN, which is none of its interfaces.
            if let port = switching.port(of: link.link.name), port != link.link.name { return nil }
            let bundle = bundles[link.link.name]
            return RouterInterface(
                name: name, link: link, kind: kind, description: link.link.alias,
                addresses: addresses.filter { $0.address.device == link.link.name },
                mode: bundle.map { "in \($0.name.short)" }
                    ?? (kind == .ethernet || kind == .management ? switching.mode(of: link.link.name) : "routed"))
        }
        for (bundle, members) in Dictionary(grouping: bundles, by: \.value.number).values.map({
            ($0[0].value, $0.map(\.key))
        }) {
            guard let carrier = link(bundle.carrier) else { continue }
            found.append(
                RouterInterface(
                    name: bundle.name, link: carrier, kind: .portChannel,
                    description: bundle.description ?? members.lazy.compactMap { bundles[$0]?.description }.first,
                    addresses: addresses.filter { $0.address.device == bundle.carrier },
                    mode: switching.mode(of: bundle.carrier),
                    members: members.sorted { PortName(kernel: $0) < PortName(kernel: $1) }))
        }
        found += loopbackInterfaces
        return found.filter { names?.contains($0.name) ?? true }.sorted { $0.name < $1.name }
    }

    private var loopbackInterfaces: [RouterInterface] {
        guard let lo = links.first(where: { $0.link.kind == .loopback }) else { return [] }
        var own: [String: [ObservedAddress]] = loopbackNames.mapValues { _ in [] }
        for address in addresses where address.address.device == lo.link.name && address.address.scope != .host {
            own[portName(lo.link.name, address.address.address.address).description, default: []].append(address)
        }
        return own.map { name, addresses in
            RouterInterface(
                name: PortName(name), link: lo, kind: .loopback, description: loopbackNames[name] ?? nil,
                addresses: addresses, mode: "routed")
        }
    }

    /// Whether a VLAN's link is an SVI, and no bridge that only switches.
    private func isInterface(_ link: ObservedLink, _ switching: SwitchPorts) -> Bool {
        guard let vlan = switching.vlan(of: link.link.name), case .bridge = link.link.kind else { return true }
        return routedVLANs.contains(vlan) || switching.ownVLANs.contains(vlan)
    }
}

extension PortName {
    /// What sort of interface has this name; nil for what EOS has no name for.
    var kind: InterfaceKind? {
        let letters = description.prefix { $0.isLetter || $0 == "-" }
        guard letters.count < description.count else { return nil }
        return InterfaceKind(rawValue: String(letters))
    }
}
