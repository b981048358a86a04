import Addresses

extension Grammar {
    /// What is typed in a mode of configuration. What one mode does not know leads out of it, as in EOS; whatever can be
    /// asked at the first prompts can be asked here.
    public static func configuration(_ mode: ConfigurationMode) -> Grammar {
        switch mode {
        case .global: global
        case .interfaces: interfaces
        case .vlans: vlans
        }
    }

    private static let global = Grammar(globalRows + refusedRows + leaving).joined(with: show)
    private static let interfaces = Grammar(interfaceRows + globalRows + refusedRows + leaving).joined(with: show)
    private static let vlans = Grammar(vlanRows + globalRows + refusedRows + leaving).joined(with: show)

    private static func change(_ syntax: String, _ change: @escaping @Sendable (Captures) -> Change?) -> Row {
        Row(syntax, privilege: 15) { change($0).map { .change($0) } }
    }

    private static func ofInterface(
        _ syntax: String, _ change: @escaping @Sendable (Captures) -> Change.InterfaceChange?
    ) -> Row {
        Row(syntax, privilege: 15) { change($0).map { .change(.interface($0)) } }
    }

    private static let leaving: [Row] = [
        Row("exit") { _ in .exit },
        Row("end") { _ in .end },
        Row("abort") { _ in .end },
        Row("write [memory]") { _ in .answered("Copy completed successfully.\n") },
        Row("copy running-config startup-config") { _ in .answered("Copy completed successfully.\n") },
    ]

    private static let globalRows: [Row] =
        [
            change("interface INTERFACE") { $0.interfaces.map { .enterInterfaces($0) } },
            change("no interface INTERFACE") { $0.interfaces.map { .removeInterfaces($0) } },
            change("vlan VLANS") { $0.vlans.map { .enterVLANs($0) } },
            change("no vlan VLANS") { $0.vlans.map { .removeVLANs($0) } },
            change("hostname WORD") { $0.text(.word).map { .hostname($0) } },
            change("ip routing") { _ in .routing(.ipv4, isOn: true) },
            change("no ip routing") { _ in .routing(.ipv4, isOn: false) },
            change("ipv6 unicast-routing") { _ in .routing(.ipv6, isOn: true) },
            change("no ipv6 unicast-routing") { _ in .routing(.ipv6, isOn: false) },
        ] + AddressFamily.allCases.flatMap(routeRows)

    private static func routeRows(_ family: AddressFamily) -> [Row] {
        let (word, prefix, address) = family == .ipv4 ? ("ip", "PREFIX", "A.B.C.D") : ("ipv6", "PREFIX6", "A:B:C::D")
        let way = "(\(address)|INTERFACE|INTERFACE \(address)|Null0)"
        @Sendable func route(_ captures: Captures, isRemoved: Bool) -> Change? {
            guard let destination = captures.text(.prefix(family)).flatMap(Argument.prefix) else { return nil }
            let interface = captures.interfaces?.names.first
            let gateway = captures.text(.address(family)).flatMap { IPAddress($0) }
            let way: Change.Way? =
                captures.has("Null0")
                ? .null : gateway.map { .gateway($0, interface: interface) } ?? interface.map { .interface($0) }
            return way.map {
                .route(
                    destination, $0, distance: captures.numbers.last.map { UInt32($0) }.flatMap { $0 == 1 ? nil : $0 },
                    isRemoved: isRemoved)
            }
        }
        return [
            change("\(word) route \(prefix) \(way) [<1-255>]") { route($0, isRemoved: false) },
            change("no \(word) route \(prefix) \(way) [<1-255>]") { route($0, isRemoved: true) },
            change("no \(word) route \(prefix)") {
                $0.text(.prefix(family)).flatMap(Argument.prefix).map { .removeRoutes($0) }
            },
        ]
    }

    private static let interfaceRows: [Row] = [
        ofInterface("description LINE") { $0.line.map { .description($0) } },
        ofInterface("no description") { _ in .description(nil) },
        ofInterface("mtu <68-65535>") { $0.numbers.first.map { .mtu(UInt32($0)) } },
        ofInterface("no mtu") { _ in .mtu(nil) },
        ofInterface("shutdown") { _ in .shutdown(true) },
        ofInterface("no shutdown") { _ in .shutdown(false) },
        ofInterface("ip address A.B.C.D/E [secondary]") { captures in
            captures.text(.interfaceAddress(.ipv4)).flatMap { InterfaceAddress($0) }.map {
                .address($0, isSecondary: captures.has("secondary"))
            }
        },
        ofInterface("no ip address") { _ in .removeAddresses(.ipv4) },
        ofInterface("no ip address A.B.C.D/E [secondary]") {
            $0.text(.interfaceAddress(.ipv4)).flatMap { InterfaceAddress($0) }.map { .removeAddress($0) }
        },
        ofInterface("ipv6 address A:B:C::D/E") {
            // IPv6 addresses stand beside each other.
            $0.text(.interfaceAddress(.ipv6)).flatMap { InterfaceAddress($0) }.map { .address($0, isSecondary: true) }
        },
        ofInterface("no ipv6 address") { _ in .removeAddresses(.ipv6) },
        ofInterface("no ipv6 address A:B:C::D/E") {
            $0.text(.interfaceAddress(.ipv6)).flatMap { InterfaceAddress($0) }.map { .removeAddress($0) }
        },
        ofInterface("switchport") { _ in .switchport(true) },
        ofInterface("no switchport") { _ in .switchport(false) },
        ofInterface("switchport access vlan <1-4094>") { $0.numbers.first.map { .accessVLAN(UInt16($0)) } },
        ofInterface("no switchport access vlan") { _ in .accessVLAN(1) },
        ofInterface("switchport mode (access|trunk)") { .trunk($0.has("trunk")) },
        ofInterface("no switchport mode") { _ in .trunk(false) },
        ofInterface("switchport trunk allowed vlan VLANS") { $0.vlans.map { .trunkAllowed($0, .set) } },
        ofInterface("switchport trunk allowed vlan (add|remove) VLANS") { captures in
            captures.vlans.map { .trunkAllowed($0, captures.has("add") ? .add : .remove) }
        },
        ofInterface("switchport trunk allowed vlan all") { _ in
            VLANNumbers("1-4094").map { .trunkAllowed($0, .set) }
        },
        ofInterface("no switchport trunk allowed vlan") { _ in VLANNumbers("1-4094").map { .trunkAllowed($0, .set) } },
        ofInterface("switchport trunk native vlan <1-4094>") { $0.numbers.first.map { .trunkNative(UInt16($0)) } },
        ofInterface("switchport trunk native vlan tag") { _ in .trunkNative(nil) },
        ofInterface("no switchport trunk native vlan") { _ in .trunkNative(1) },
    ]

    private static let vlanRows: [Row] = [
        change("name WORD") { $0.text(.word).map { .vlanName($0) } },
        change("no name") { _ in .vlanName(nil) },
    ]

    // MARK: What is not done

    private static let refusedRows: [Row] = refused.flatMap { words, reason in
        [
            Row("\(words) [LINE]", privilege: 15, isListed: false) { _ in .refused("% \(words): \(reason)") },
            Row("no \(words) [LINE]", privilege: 15, isListed: false) { _ in .refused("% no \(words): \(reason)") },
        ]
    }

    private static let notRun = "no routing protocol runs here; what it would bring is worked out of the lab's files"
    private static let notDone = "the router has no such thing"
    private static let fixed = "it is the lab's own, and is changed in its topology"

    private static let refused: [(String, String)] = [
        ("router bgp", notRun), ("router ospf", notRun), ("router ospf3", notRun), ("router isis", notRun),
        ("router rip", notRun), ("ip ospf", notRun), ("isis", notRun),
        ("ip prefix-list", notRun), ("route-map", notRun), ("ip community-list", notRun), ("ip as-path", notRun),
        ("spanning-tree", notDone), ("mlag", notDone), ("lldp", notDone), ("mac", notDone), ("access-list", notDone),
        ("ip access-list", notDone), ("ipv6 access-list", notDone), ("vrf", notDone), ("ip nat", notDone),
        ("ip virtual-router", notDone), ("ip multicast-routing", notDone), ("ip dhcp", notDone), ("mpls", notDone),
        ("aaa", notDone), ("username", notDone), ("management", notDone), ("ntp", notDone), ("snmp-server", notDone),
        ("logging", notDone), ("service", notDone), ("tacacs-server", notDone), ("radius-server", notDone),
        ("daemon", notDone), ("event-handler", notDone), ("alias", notDone), ("banner", notDone), ("clock", notDone),
        ("qos", notDone), ("class-map", notDone), ("policy-map", notDone), ("hardware", notDone), ("speed", notDone),
        ("channel-group", fixed), ("encapsulation", fixed), ("no-autostate", notDone), ("vxlan", notDone),
    ]
}

/// What the lines of a configuration are about.
public enum ConfigurationMode: Hashable, Sendable {
    /// The router as a whole: `(config)#`
    case global
    /// `(config-if-Et1)#`
    case interfaces(InterfaceNames)
    /// `(config-vlan-10)#`
    case vlans(VLANNumbers)

    /// What the prompt says of it.
    public var prompt: String {
        switch self {
        case .global: "(config)"
        case .interfaces(let names): "(config-if-\(names.short))"
        case .vlans(let numbers): "(config-vlan-\(numbers.text))"
        }
    }
}
