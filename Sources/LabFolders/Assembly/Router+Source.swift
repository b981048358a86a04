import Addresses
import Topology

extension Router {
    /// A router as its startup configuration has it.
    ///
    /// - Parameters:
    ///   - name: what it is called in the topology.
    ///   - cabled: its interfaces that have a cable, by containerlab's names (`eth1`).
    init(
        name: String, _ configuration: EOSConfiguration, cabled: [String], at place: SourceLine,
        _ diagnostics: inout Diagnostics
    ) {
        self.init(name: name)
        let building = RouterBuilding(configuration, cabled: cabled)
        if let written = configuration.hostname {
            // EOS takes names that no DNS would.
            let hostname = String(written.value.map { $0 == "_" ? "-" : $0 })
            self.hostname = DeviceName.isHostname(hostname) ? hostname : name
        }
        vlans = building.vlans(&diagnostics)
        ports = building.ports(&diagnostics)
        loopbacks = configuration.interfaces.filter { $0.name.kind == .loopback && !$0.isShutdown }.map {
            var loopback = Loopback(name: $0.name.description, addresses: $0.allAddresses)
            loopback.description = $0.description.flatMap(Port.description)
            return loopback
        }
        channels = building.channels
        protocolLines = configuration.protocolLines
        for route in configuration.routes {
            if let route = building.route(route, &diagnostics) { routes.append(route) }
        }
        forwards = []
        if configuration.routesIPv4 { forwards.insert(.ipv4) }
        if configuration.routesIPv6 { forwards.insert(.ipv6) }
        warnOfMissingRouting(configuration, at: place, &diagnostics)
    }

    private func warnOfMissingRouting(
        _ configuration: EOSConfiguration, at place: SourceLine, _ diagnostics: inout Diagnostics
    ) {
        for (family, command) in [(AddressFamily.ipv4, "ip routing"), (.ipv6, "ipv6 unicast-routing")]
        where !forwards.contains(family) {
            let first = configuration.interfaces.first { interface in
                interface.allAddresses.contains { $0.family == family } && interface.name.kind != .loopback
            }
            guard let first else { continue }
            diagnostics.warn(
                at: first.place,
                "\(name) has \(family) addresses and no \"\(command)\", so it does not forward \(family), as EOS would not"
            )
        }
    }
}

extension EOSConfiguration.Interface {
    /// Its own addresses, then those it shares with other routers.
    var allAddresses: [InterfaceAddress] {
        var all = addresses
        for shared in virtualAddresses where !all.contains(where: { $0.address == shared.address }) {
            let subnet = addresses.first { $0.prefix.contains(shared.address) }
            let length = shared.prefixLength ?? subnet?.prefixLength ?? shared.address.family.bits
            all.append(InterfaceAddress(shared.address, prefixLength: length))
        }
        return all
    }
}

/// What a router's ports and VLANs come to, worked out of its configuration and its cables.
private struct RouterBuilding {
    private let configuration: EOSConfiguration
    private let byName: [EOSInterfaceName: EOSConfiguration.Interface]
    private let known: Set<UInt16>
    /// The cabled ports in the order of their numbers, with their names in the kernel.
    private let cabled: [(name: EOSInterfaceName, kernel: String)]
    /// By port channel, the member that carries its traffic.
    private var carriers: [UInt16: EOSInterfaceName] = [:]

    init(_ configuration: EOSConfiguration, cabled: [String]) {
        self.configuration = configuration
        byName = Dictionary(configuration.interfaces.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let named = configuration.interfaces.filter { $0.name.kind == .vlan }.compactMap(\.name.path.first)
        known = Set(configuration.vlans.map(\.id) + named + [1])
        self.cabled = cabled.compactMap { name in EOSInterfaceName(containerlabName: name).map { ($0, name) } }
            .sorted { $0.name.path.lexicographicallyPrecedes($1.name.path) }
        for (name, _) in self.cabled {
            guard let member = byName[name], let group = member.channelGroup, !member.isShutdown else { continue }
            if carriers[group] == nil { carriers[group] = name }
        }
    }

    func vlans(_ diagnostics: inout Diagnostics) -> [Router.VLANSegment] {
        var vlans = configuration.vlans.map { Router.VLANSegment(id: $0.id, name: $0.name.flatMap(Self.vlanName)) }
        for interface in configuration.interfaces where interface.name.kind == .vlan {
            guard let id = interface.name.path.first, (1...4094).contains(id) else {
                diagnostics.warn(at: interface.place, "\(interface.name) is not a VLAN's interface; it is left out")
                continue
            }
            let index: Int
            if let there = vlans.firstIndex(where: { $0.id == id }) {
                index = there
            } else {
                if id != 1 {
                    diagnostics.warn(
                        at: interface.place,
                        "VLAN \(id) is not defined; EOS keeps \(interface.name) down until it is "
                            + "(vlan \(id)), here it is up")
                }
                vlans.append(Router.VLANSegment(id: id))
                index = vlans.count - 1
            }
            vlans[index].addresses = interface.allAddresses
            vlans[index].mtu = interface.mtu
            vlans[index].description = interface.description.flatMap(Router.Port.description)
            vlans[index].isShutdown = interface.isShutdown
        }
        return vlans
    }

    /// A name that a VLAN may have.
    private static func vlanName(_ name: String) -> String? {
        let bytes = name.utf8.map { $0 == UInt8(ascii: " ") ? UInt8(ascii: "-") : $0 }
        guard (1...32).contains(bytes.count),
            bytes.allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "{") && $0 != UInt8(ascii: "}") })
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The port channels that have ports here.
    var channels: [Router.Channel] {
        let members = cabled.compactMap { byName[$0.name] }
        return Set(members.compactMap(\.channelGroup)).sorted().map { group in
            Router.Channel(
                number: UInt32(group),
                description: byName[EOSInterfaceName(.portChannel, [group])]?.description.flatMap(
                    Router.Port.description),
                isStatic: members.contains { $0.channelGroup == group && $0.isStaticMember })
        }.filter { $0.description != nil || $0.isStatic }
    }

    func ports(_ diagnostics: inout Diagnostics) -> [Router.Port] {
        cabled.map { name, kernel in
            var own = byName[name]
            var isSpare = false
            let (description, group) = (own?.description, own?.channelGroup)
            if let group {
                isSpare = carriers[group] != name && own?.isShutdown == false
                if isSpare, let own {
                    diagnostics.warn(
                        at: own.place,
                        "\(name) is one of several links of Port-Channel\(group); all of its traffic takes the first one"
                    )
                }
                let channel = byName[EOSInterfaceName(.portChannel, [group])]
                let isDown = own?.isShutdown ?? false
                own = channel ?? own
                if isDown { own?.isShutdown = true }
            }
            guard let own else { return Router.Port(name: kernel, mode: .access(vlan: 1)) }
            var port = Router.Port(
                name: kernel, mode: mode(of: own, &diagnostics), mtu: own.mtu, isShutdown: own.isShutdown || isSpare)
            port.description = description.flatMap(Router.Port.description)
            port.channel = group.map { UInt32($0) }
            return port
        }
    }

    private func mode(of interface: EOSConfiguration.Interface, _ diagnostics: inout Diagnostics) -> Router.Mode {
        if !interface.isSwitchport {
            return .routed(
                addresses: interface.allAddresses, subinterfaces: subinterfaces(of: interface.name, &diagnostics))
        }
        guard interface.isTrunk else { return .access(vlan: interface.accessVLAN) }
        let allowed = interface.allowedVLANs.ranges.filter { range in known.contains { range.contains($0) } }
        let native = interface.nativeVLAN.flatMap {
            known.contains($0) && interface.allowedVLANs.contains($0) ? $0 : nil
        }
        return .trunk(allowed: interface.allowedVLANs == .all ? [1...4094] : allowed, native: native)
    }

    private func subinterfaces(of port: EOSInterfaceName, _ diagnostics: inout Diagnostics) -> [Router.Subinterface] {
        configuration.interfaces.compactMap { interface in
            guard let number = interface.name.subinterface, interface.name.kind == port.kind,
                interface.name.path == port.path, !interface.isShutdown
            else { return nil }
            guard let vlan = interface.dot1qVLAN else {
                diagnostics.warn(
                    at: interface.place, "\(interface.name) has no encapsulation dot1q vlan, so no frame is for it")
                return nil
            }
            return Router.Subinterface(number: number, vlan: vlan, addresses: interface.allAddresses)
        }
    }

    func route(_ route: EOSConfiguration.Route, _ diagnostics: inout Diagnostics) -> StaticRoute? {
        let metric = route.distance.flatMap { $0 == 1 ? nil : UInt32($0) }
        if route.interface?.kind == .null { return StaticRoute(route.destination, .blackhole, metric: metric) }
        var device: String?
        if let interface = route.interface {
            device = kernelName(of: interface)
            if device == nil {
                diagnostics.warn(
                    at: route.place, "\(interface) is not an interface of a cable or VLAN; the route is left out")
                return nil
            }
        }
        if let gateway = route.gateway {
            return StaticRoute(route.destination, .gateway(gateway, interface: device), metric: metric)
        }
        return device.map { StaticRoute(route.destination, .interface($0), metric: metric) }
    }

    /// What an interface is called in the kernel; nil for one without a cable.
    private func kernelName(of interface: EOSInterfaceName) -> String? {
        switch interface.kind {
        case .vlan: return interface.path.first.map { "vlan\($0)" }
        case .ethernet, .portChannel:
            var port = EOSInterfaceName(interface.kind, interface.path)
            if interface.kind == .portChannel {
                guard let carrier = interface.path.first.flatMap({ carriers[$0] }) else { return nil }
                port = carrier
            }
            guard let kernel = cabled.first(where: { $0.name == port })?.kernel else { return nil }
            return kernel + (interface.subinterface.map { ".\($0)" } ?? "")
        default: return nil
        }
    }
}
