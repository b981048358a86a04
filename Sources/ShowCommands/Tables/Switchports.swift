import Addresses
import NetworkObjects

/// A port that switches, and which VLANs it does.
private struct Switchport: Sendable {
    var interface: RouterInterface
    /// The VLANs of its frames, those without a tag too.
    var vlans: VLANNumbers
    /// The VLAN of its frames without a tag.
    var native: UInt16?
    var isTrunk: Bool { interface.mode == "trunk" }

    /// The ports that switch, with port channels for their members.
    static func all(_ tables: RouterTables, _ names: InterfaceNames?) -> [Switchport] {
        let switching = SwitchPorts(tables)
        return tables.interfaces(names).filter { $0.isSwitched || $0.mode == "none" }.map { interface in
            let own = switching.memberships.filter { $0.port == interface.link.link.name }
            return Switchport(
                interface: interface, vlans: VLANNumbers(Set(own.map { Int($0.vlan) })),
                native: own.first { !$0.isTagged }?.vlan)
        }
    }
}

/// What `show interfaces trunk` answers.
struct TrunkList: RouterAnswer {
    private let trunks: [Switchport]

    init(_ tables: RouterTables, _ names: InterfaceNames?) {
        trunks = Switchport.all(tables, names).filter { $0.isTrunk && $0.interface.carries }
    }

    var text: String {
        var modes = Columns(
            .init("Port", width: 15), .init("Mode", width: 15), .init("Status", width: 15), .init("Native vlan"),
            rule: .none)
        for trunk in trunks {
            modes.add(trunk.interface.name.short, "trunk", "trunking", trunk.native.map { "\($0)" } ?? "None")
        }
        // The kernel has the VLANs that are there alone, and no spanning tree that would block one.
        let lists = [
            "Vlans allowed", "Vlans allowed and active in management domain",
            "Vlans in spanning tree forwarding state",
        ].map { head in
            var columns = Columns(.init("Port", width: 15), .init(head), rule: .none)
            for trunk in trunks {
                columns.add(trunk.interface.name.short, trunk.vlans.ranges.isEmpty ? "None" : trunk.vlans.text)
            }
            return "\n" + columns.text
        }
        return modes.text + lists.joined() + "\n"
    }

    var json: JSONValue? {
        let values = trunks.map { trunk in
            let vlans = JSONValue.array(trunk.vlans.numbers.map { .integer(Int($0)) })
            return (
                trunk.interface.name.description,
                JSONValue.object([
                    "portMode": "trunk", "operStatus": "trunking",
                    "nativeVlan": trunk.native.map { .object(["vlanId": .integer(Int($0))]) },
                    "allowedVlans": .object(["allVlans": false, "vlanIds": vlans]), "activeVlans": vlans,
                    "forwardingVlans": vlans,
                ])
            )
        }
        return .object(["trunks": .named(values)])
    }
}

/// What `show interfaces switchport` answers.
struct SwitchportList: RouterAnswer {
    private let ports: [Switchport]
    private let names: [UInt16: String]

    init(_ tables: RouterTables, _ names: InterfaceNames?) {
        ports = Switchport.all(tables, names)
        self.names = tables.vlanNames
    }

    private func named(_ vlan: UInt16) -> String {
        "\(vlan) (\(names[vlan] ?? (vlan == 1 ? "default" : "VLAN" + String(repeating: "0", count: 4 - "\(vlan)".count) + "\(vlan)")))"
    }

    var text: String {
        ports.map { port in
            let access = port.isTrunk ? nil : port.native
            let mode = port.isTrunk ? "trunk" : "static access"
            return """
                Name: \(port.interface.name.short)
                Switchport: Enabled
                Administrative Mode: \(mode)
                Operational Mode: \(port.interface.carries ? mode : "down")
                MAC Address Learning: enabled
                Dot1q ethertype/TPID: 0x8100 (active)
                Dot1q Vlan Tag Required: No
                Access Mode VLAN: \(named(access ?? 1))
                Trunking Native Mode VLAN: \(port.isTrunk ? port.native.map(named) ?? "None" : named(1))
                Administrative Native VLAN tagging: disabled
                Trunking VLANs Enabled: \(port.isTrunk ? port.vlans.text : "ALL")
                Static Trunk Groups:
                Dynamic Trunk Groups:
                Source interface filtering: enabled


                """
        }.joined()
    }

    var json: JSONValue? {
        let values = ports.map { port in
            (
                port.interface.name.description,
                JSONValue.object([
                    "enabled": true,
                    "switchportInfo": .object([
                        "mode": port.isTrunk ? "trunk" : "access",
                        "accessVlanId": .integer(Int(port.isTrunk ? 1 : port.native ?? 1)),
                        "trunkingNativeVlanId": .integer(Int(port.isTrunk ? port.native ?? 0 : 1)),
                        "trunkAllowedVlans": port.isTrunk ? .string(port.vlans.text) : "ALL", "macLearning": true,
                        "tpid": "0x8100", "tpidStatus": true,
                    ]),
                ])
            )
        }
        return .object(["switchports": .named(values)])
    }
}

/// What `show port-channel` answers, and its `dense`.
struct PortChannelList: RouterAnswer {
    /// What a port channel's ports are.
    private struct Channel {
        var interface: RouterInterface
        var isStatic: Bool
        var members: [(name: PortName, isActive: Bool)]
    }

    private let channels: [Channel]
    private let form: ShowCommand.PortChannelForm

    init(_ tables: RouterTables, _ form: ShowCommand.PortChannelForm) {
        self.form = form
        let number = if case .plain(let number?, _) = form { "Port-Channel\(number)" } else { nil as String? }
        channels = tables.interfaces().filter { $0.kind == .portChannel }
            .filter { number == nil || $0.name.description == number }
            .map { interface in
                Channel(
                    interface: interface, isStatic: tables.bundles[interface.link.link.name]?.isStatic ?? false,
                    members: interface.members.map { member in
                        // One port carries what all would, so the others are as good as it is.
                        (PortName(kernel: member), interface.carries)
                    })
            }
    }

    var text: String {
        switch form {
        case .dense: dense
        case .plain(_, let isDetailed): channels.map { plain($0, isDetailed) }.joined()
        }
    }

    private func plain(_ channel: Channel, _ isDetailed: Bool) -> String {
        let active = channel.members.filter(\.isActive).map(\.name.description)
        let inactive = channel.members.filter { !$0.isActive }.map(\.name.description)
        var text = "Port Channel \(channel.interface.name)"
        if isDetailed { text += " (Fallback State: Unconfigured)" }
        text += ":\n"
        guard isDetailed else {
            text += active.isEmpty ? "  No Active Ports\n" : "  Active Ports: \(active.joined(separator: " "))\n"
            return text
                + (inactive.isEmpty ? "" : "  Configured, but inactive ports: \(inactive.joined(separator: " "))\n")
        }
        var columns = Columns(
            .init("Port", width: 20), .init("Protocol", width: 14), .init("Mode", width: 10), rule: .none)
        for name in active {
            columns.add("  \(name)", channel.isStatic ? "Static" : "LACP", channel.isStatic ? "On" : "Active")
        }
        return text + "Minimum links: unconfigured\n"
            + (active.isEmpty ? "No Active Ports\n" : "Active Ports:\n\(columns.text)")
            + (inactive.isEmpty ? "" : "Configured, but inactive ports: \(inactive.joined(separator: " "))\n") + "\n"
    }

    private var dense: String {
        var columns = Columns(
            .init("   Port-Channel", width: 18), .init("  Protocol", width: 14), .init(" Ports", width: 17))
        for channel in channels {
            let ports = channel.members.map {
                "\($0.name.short)(\($0.isActive ? channel.isStatic ? "P" : "PG+" : "D"))"
            }
            columns.add(
                "   \(channel.interface.name.short)(\(channel.interface.carries ? "U" : "D"))",
                "  \(channel.isStatic ? "Static" : "LACP(a)")", " " + ports.joined(separator: " "))
        }
        return """

                             Flags
            -------------------------- ----------------------------- -------------------------
              a - LACP Active            p - LACP Passive              * - static fallback
              F - Fallback enabled       f - Fallback configured       ^ - individual fallback
              U - In Use                 D - Down
              + - In-Sync                - - Out-of-Sync               i - incompatible with agg
              P - bundled in Po          s - suspended                 G - Aggregable
              I - Individual             S - ShortTimeout              w - wait for agg
              E - Inactive. The number of configured port channels exceeds the config limit
              M - Exceeds maximum weight

            Number of channels in use: \(channels.count { $0.interface.carries })
            Number of aggregators: \(channels.count { $0.interface.carries })

            \(columns.text)
            """
    }

    var json: JSONValue? {
        let values = channels.map { channel in
            let active = channel.members.filter(\.isActive).map { member in
                (
                    member.name.description,
                    JSONValue.object([
                        "protocol": channel.isStatic ? "static" : "lacp",
                        "lacpMode": channel.isStatic ? "on" : "active",
                    ])
                )
            }
            let inactive = channel.members.filter { !$0.isActive }.map { member in
                (member.name.description, JSONValue.object(["reasonUnconfigured": "link is down"]))
            }
            return (
                channel.interface.name.description,
                JSONValue.object([
                    "activePorts": .named(active), "inactivePorts": .named(inactive), "fallbackState": "unconfigured",
                    "recircFeature": [],
                ])
            )
        }
        return .object(["portChannels": .named(values)])
    }
}
