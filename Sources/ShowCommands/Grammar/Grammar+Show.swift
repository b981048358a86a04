import Addresses

extension Grammar {
    /// What the router is asked, whatever mode it is in.
    static let show = Grammar(interfaceRows + routeRows + sharedRows + switchRows + deviceRows + protocolRows)

    /// A command that asks for something.
    ///
    /// - Parameter reads: what the kernel is asked for it.
    private static func show(
        _ syntax: String, privilege: Int = 1, reads: Set<RouterTable> = [],
        _ question: @escaping @Sendable (Captures) -> ShowCommand.Question?
    ) -> Row {
        Row(syntax, privilege: privilege) { captures in
            question(captures).map { .show(ShowCommand($0, reads: reads)) }
        }
    }

    private static let interfaceRows: [Row] = [
        show("show ip interface [INTERFACE] brief", reads: [.addresses, .vlans]) {
            .interfaceBrief(.ipv4, $0.interfaces)
        },
        show("show ip interface brief INTERFACE", reads: [.addresses, .vlans]) {
            .interfaceBrief(.ipv4, $0.interfaces)
        },
        show("show ipv6 interface [INTERFACE] brief", reads: [.addresses, .vlans]) {
            .interfaceBrief(.ipv6, $0.interfaces)
        },
        show("show ip interface [INTERFACE]", reads: [.addresses, .vlans]) { .ipInterfaces(.ipv4, $0.interfaces) },
        show("show ipv6 interface [INTERFACE]", reads: [.addresses, .vlans]) { .ipInterfaces(.ipv6, $0.interfaces) },
        show("show interfaces [INTERFACE]", reads: [.addresses, .vlans, .counters]) { .interfaces($0.interfaces) },
        show(
            "show interfaces [INTERFACE] status [connected|notconnect|disabled|errdisabled]",
            reads: [.addresses, .vlans]
        ) {
            captures in
            .interfaceStatus(
                captures.interfaces, ShowCommand.PortStatus.allCases.first { captures.has($0.rawValue) })
        },
        show("show interfaces status INTERFACE", reads: [.addresses, .vlans]) { .interfaceStatus($0.interfaces, nil) },
        show("show interfaces [INTERFACE] description", reads: [.addresses, .vlans]) {
            .interfaceDescriptions($0.interfaces)
        },
        show("show interfaces description INTERFACE", reads: [.addresses, .vlans]) {
            .interfaceDescriptions($0.interfaces)
        },
        show("show interfaces [INTERFACE] counters [errors|discards]", reads: [.counters, .addresses, .vlans]) {
            .interfaceCounters(
                $0.has("errors") ? .errors : $0.has("discards") ? .discards : .packets,
                $0.interfaces)
        },
        show(
            "show interfaces [INTERFACE] counters rates",
            reads: [.counters, .earlierCounters, .addresses, .vlans]
        ) { .interfaceRates($0.interfaces) },
        show("show interfaces [INTERFACE] trunk", reads: [.addresses, .vlans]) { .trunks($0.interfaces) },
        show("show interfaces [INTERFACE] switchport", reads: [.addresses, .vlans]) { .switchports($0.interfaces) },
    ]

    private static let routeRows: [Row] = AddressFamily.allCases.flatMap { family -> [Row] in
        let (word, prefix) = family == .ipv4 ? ("ip", "PREFIX") : ("ipv6", "PREFIX6")
        return [
            show("show \(word) route [vrf VRF] [connected|static|bgp|ospf|kernel]", reads: [.addresses, .routes]) {
                captures in
                let source = RouteList.Source.allCases.first { captures.has($0.rawValue) }
                return .routes(family, source.map { .source($0) })
            },
            show("show \(word) route [vrf VRF] \(prefix) [longer-prefixes] [detail]", reads: [.addresses, .routes]) {
                captures in
                captures.text(.prefix(family)).flatMap(Argument.prefix).map { prefix in
                    .routes(family, captures.has("longer-prefixes") ? .within(prefix) : .towards(prefix))
                }
            },
            show("show \(word) route [vrf VRF] summary", reads: [.addresses, .routes]) { _ in .routeSummary(family) },
        ]
    }

    private static let sharedRows: [Row] = [
        show("show ip virtual-router [vrf VRF]", reads: [.addresses, .vlans]) { _ in .virtualRouters }
    ]

    private static let switchRows: [Row] = [
        show("show vlan [brief] [VLANS]", reads: [.addresses, .vlans]) { .vlans($0.vlans, isConfigured: false) },
        show("show vlan [VLANS] configured-ports", reads: [.addresses, .vlans]) {
            .vlans($0.vlans, isConfigured: true)
        },
        show(
            "show mac address-table [dynamic|static] [address H.H.H] [interface INTERFACE] [vlan VLANS]",
            reads: [.addresses, .vlans, .forwarding]
        ) {
            var filter = ShowCommand.MACFilter(vlans: $0.vlans)
            filter.isDynamic = $0.has("dynamic") ? true : $0.has("static") ? false : nil
            filter.address = $0.text(.macAddress).flatMap(Argument.macAddress)
            filter.interfaces = $0.interfaces
            return .macAddressTable(filter)
        },
        show("show arp [vrf VRF] [A.B.C.D] [interface INTERFACE]", reads: neighbourTables) {
            .neighbours(.ipv4, neighbourFilter($0))
        },
        show("show ip arp [vrf VRF] [A.B.C.D] [interface INTERFACE]", reads: neighbourTables) {
            .neighbours(.ipv4, neighbourFilter($0))
        },
        show("show ipv6 neighbors [vrf VRF] [A:B:C::D] [interface INTERFACE]", reads: neighbourTables) {
            .neighbours(.ipv6, neighbourFilter($0))
        },
        show("show lldp neighbors [INTERFACE]", reads: [.cables]) { .lldpNeighbours($0.interfaces) },
        show("show port-channel [<1-2000>]", reads: [.addresses, .vlans]) {
            .portChannels(.plain($0.numbers.first, isDetailed: false))
        },
        show("show port-channel (dense|summary)", reads: [.addresses, .vlans]) { _ in .portChannels(.dense) },
        show("show port-channel [<1-2000>] detailed", reads: [.addresses, .vlans]) {
            .portChannels(.plain($0.numbers.first, isDetailed: true))
        },
        show("show spanning-tree", reads: [.addresses, .vlans]) { _ in .spanningTree },
    ]

    private static let neighbourTables: Set<RouterTable> = [.addresses, .vlans, .neighbours, .forwarding]

    private static func neighbourFilter(_ captures: Captures) -> ShowCommand.NeighbourFilter {
        var filter = ShowCommand.NeighbourFilter()
        filter.address = (captures.text(.address(.ipv4)) ?? captures.text(.address(.ipv6))).flatMap { IPAddress($0) }
        filter.interfaces = captures.interfaces
        filter.isByVRF = captures.text(.vrf)?.lowercased() == "all"
        return filter
    }

    private static let deviceRows: [Row] = [
        show("show version", reads: [.machine]) { _ in .version },
        show("show hostname") { _ in .hostname },
        show("show clock", reads: [.machine]) { _ in .clock },
        show("show uptime", reads: [.machine]) { _ in .uptime },
        Row("show history") { _ in .history },
        show("show vrf", reads: [.addresses, .vlans]) { _ in .vrfs },
        show("show running-config", privilege: 15, reads: configurationTables) { _ in .runningConfig(nil) },
        show("show running-config interfaces INTERFACE", privilege: 15, reads: configurationTables) {
            $0.interfaces.map { .runningConfig(.interfaces($0)) }
        },
        show("show running-config section LINE", privilege: 15, reads: configurationTables) {
            $0.line.map { .runningConfig(.matching($0)) }
        },
        show("show startup-config", privilege: 15, reads: configurationTables) { _ in .runningConfig(nil) },
    ]

    private static let configurationTables: Set<RouterTable> = [.addresses, .routes, .vlans]

    /// What the lab works out, for no protocol runs.
    private static let protocolRows: [Row] = [
        show("show (ip bgp|bgp) summary [vrf VRF]", reads: protocolTables) { _ in .bgpSummary(nil) },
        show("show bgp (ipv4|ipv6) unicast summary [vrf VRF]", reads: protocolTables) {
            .bgpSummary($0.has("ipv4") ? .ipv4 : .ipv6)
        },
        show("show ipv6 bgp summary [vrf VRF]", reads: protocolTables) { _ in .bgpSummary(.ipv6) },
        show("show ip bgp [PREFIX] [longer-prefixes] [vrf VRF]", reads: protocolTables) {
            .bgpRoutes(.ipv4, $0.text(.prefix(.ipv4)).flatMap(Argument.prefix))
        },
        show("show ipv6 bgp [PREFIX6] [longer-prefixes] [vrf VRF]", reads: protocolTables) {
            .bgpRoutes(.ipv6, $0.text(.prefix(.ipv6)).flatMap(Argument.prefix))
        },
        show("show (ip bgp|bgp) neighbors [A.B.C.D|A:B:C::D] [vrf VRF]", reads: protocolTables) {
            let address = ($0.text(.address(.ipv4)) ?? $0.text(.address(.ipv6))).flatMap { IPAddress($0) }
            return .bgpNeighbours(address, nil)
        },
        show("show ipv6 bgp peers [A:B:C::D] [vrf VRF]", reads: protocolTables) {
            .bgpNeighbours($0.text(.address(.ipv6)).flatMap { IPAddress($0) }, .ipv6)
        },
        show("show ip ospf neighbor", reads: protocolTables) { _ in .ospfNeighbours },
    ]

    private static let protocolTables: Set<RouterTable> = [.addresses, .routes, .speakers]
}
