import Addresses
import NetworkObjects

/// What `show running-config` answers: the configuration that comes to what the kernel has, with the names that only the
/// lab's files know.
struct RunningConfig: RouterAnswer {
    private let command: String
    private let hostname: String
    private let sections: [[String]]

    init(_ tables: RouterTables, _ section: ShowCommand.Section?) {
        hostname = tables.hostname
        let all = Self.sections(tables)
        switch section {
        case nil:
            command = "show running-config"
            sections = all
        case .interfaces(let names):
            command = "show running-config interfaces \(names.short)"
            sections = all.filter { section in names.names.contains { section[0] == "interface \($0)" } }
        case .matching(let expression):
            command = "show running-config section \(expression)"
            let expression = LineExpression(expression)
            sections = all.filter { section in section.contains { expression.matches($0) } }
        }
        isWhole = section == nil
    }

    private let isWhole: Bool

    var text: String {
        if !isWhole { return sections.map { $0.map { "\($0)\n" }.joined() }.joined() }
        return "! Command: \(command)\n! device: \(hostname) (cEOSLab, EOS-\(Version.release))\n!\n"
            + sections.map { $0.map { "\($0)\n" }.joined() }.joined(separator: "!\n") + "!\nend\n"
    }

    /// Lines by section, as EOS' own document has them: each with those below it.
    var json: JSONValue? {
        var commands: [(String, JSONValue)] = []
        for line in sections.joined() {
            let trimmed = String(line.drop { $0 == " " })
            if line.first == " ", let last = commands.last, case .fields(var fields) = last.1 {
                if case .fields(var below)? = fields.first?.value {
                    below.append(.init(name: trimmed, value: .null))
                    fields[0].value = .fields(below)
                }
                commands[commands.count - 1].1 = .fields(fields)
            } else if line.first == " ", let last = commands.last {
                commands[commands.count - 1].1 = .object(["cmds": .named([(trimmed, .null)])])
                _ = last
            } else {
                commands.append((trimmed, .null))
            }
        }
        return .object([
            "header": .array(["! device: \(hostname) (cEOSLab, EOS-\(Version.release))"]), "cmds": .named(commands),
        ])
    }

    // MARK: Sections

    private static func sections(_ tables: RouterTables) -> [[String]] {
        var sections: [[String]] = [["hostname \(tables.hostname)"], ["spanning-tree mode none"]]
        let switching = SwitchPorts(tables)
        for vlan in switching.vlans.sorted() where vlan != 1 {
            sections.append(["vlan \(vlan)"] + (tables.vlanNames[vlan].map { ["   name \($0)"] } ?? []))
        }
        let order: [InterfaceKind] = [.portChannel, .ethernet, .loopback, .management, .vlan]
        let interfaces = tables.interfaces()
        for kind in order {
            for interface in interfaces where interface.kind == kind {
                sections.append(
                    ["interface \(interface.name)"] + lines(interface, tables, switching).map { "   \($0)" })
            }
        }
        for family in AddressFamily.allCases where tables.forwards.contains(family) {
            sections.append([family == .ipv4 ? "ip routing" : "ipv6 unicast-routing"])
        }
        for family in AddressFamily.allCases {
            let routes = self.routes(tables, family)
            if !routes.isEmpty { sections.append(routes) }
        }
        return sections
            + tables.protocols.sections.filter { !$0.head.hasPrefix("interface ") }.map { [$0.head] + $0.lines }
    }

    private static func lines(
        _ interface: RouterInterface, _ tables: RouterTables, _ switching: SwitchPorts
    ) -> [String] {
        var lines: [String] = []
        if let description = interface.description, !description.isEmpty { lines.append("description \(description)") }
        let isPort = interface.kind == .ethernet || interface.kind == .portChannel
        let isMember = interface.mode.hasPrefix("in ")
        let usual: UInt32 = interface.kind == .loopback ? 65535 : 1500
        if let mtu = interface.mtu, mtu != usual, !isMember { lines.append("mtu \(mtu)") }
        // The spare ports of a bundle are down here, which nobody wrote.
        let bundle = interface.kind == .ethernet ? tables.bundles[interface.link.link.name] : nil
        if !interface.isUp, bundle == nil { lines.append("shutdown") }
        if let bundle { return lines + ["channel-group \(bundle.number) mode \(bundle.isStatic ? "on" : "active")"] }
        if isPort, interface.name.description.contains(".") {
            if case .vlan(let vlan) = interface.link.link.kind { lines.append("encapsulation dot1q vlan \(vlan.id)") }
        } else if isPort, interface.mode == "routed" {
            lines.append("no switchport")
        } else if interface.isSwitched {
            let own = switching.memberships.filter { $0.port == interface.link.link.name }
            if interface.mode == "trunk" {
                if let native = own.first(where: { !$0.isTagged })?.vlan, native != 1 {
                    lines.append("switchport trunk native vlan \(native)")
                }
                lines.append("switchport trunk allowed vlan \(VLANNumbers(Set(own.map { Int($0.vlan) })).text)")
                lines.append("switchport mode trunk")
            } else if interface.mode != "1" {
                lines.append("switchport access vlan \(interface.mode)")
            }
        }
        guard !interface.isSwitched, !isMember else { return lines }
        // Addresses that routers share have lines of their own below.
        func own(_ family: AddressFamily) -> [ObservedAddress] {
            interface.addresses(family).filter { !tables.isVirtual($0, of: interface) }
        }
        for (index, address) in own(.ipv4).enumerated() {
            lines.append("ip address \(address.address.address)\(index == 0 ? "" : " secondary")")
        }
        for address in own(.ipv6) { lines.append("ipv6 address \(address.address.address)") }
        let protocols = tables.protocols.sections.first { $0.head == "interface \(interface.name)" }
        return lines + (protocols?.lines.map { String($0.drop { $0 == " " }) } ?? [])
    }

    private static func routes(_ tables: RouterTables, _ family: AddressFamily) -> [String] {
        let word = family == .ipv4 ? "ip" : "ipv6"
        return tables.routes.filter { route in
            route.destination.family == family && route.table == Route.mainTable
                && RouteList.Source(route.origin) == .static
                && [.unicast, .blackhole].contains(route.kind)
        }.flatMap(\.ways).sorted { $0.destination < $1.destination }.map { route in
            let isWritten = route.metric != 0 && !(family == .ipv6 && route.metric == Route.defaultIPv6Metric)
            let device = route.device.map { "\(tables.portName($0))" }
            // EOS finds the interface of a next hop by itself, but for one that is for the link alone.
            let way: String =
                if route.kind == .blackhole {
                    "Null0"
                } else if let gateway = route.gateway {
                    gateway.isLinkLocal
                        ? [device, "\(gateway)"].compactMap(\.self).joined(separator: " ") : "\(gateway)"
                } else {
                    device ?? "Null0"
                }
            return "\(word) route \(route.destination) \(way)" + (isWritten ? " \(route.metric)" : "")
        }
    }
}
