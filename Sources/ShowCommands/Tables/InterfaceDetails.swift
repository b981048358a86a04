import Addresses
import NetworkObjects

/// What `show interfaces` answers: an interface in full. How fast packets pass, and since when a link is up, the kernel
/// does not keep.
struct InterfaceDetails: RouterAnswer {
    private let interfaces: [RouterInterface]
    private let counters: [InterfaceName: LinkCounters]
    private let bundles: [InterfaceName: RouterTables.PortChannel]
    private let now: Double

    init(_ tables: RouterTables, _ names: InterfaceNames?) {
        interfaces = tables.interfaces(names)
        (counters, bundles, now) = (tables.counters, tables.bundles, tables.now)
    }

    // MARK: Text

    var text: String { interfaces.map(text).joined() }

    private func text(_ interface: RouterInterface) -> String {
        var lines = [
            "\(interface.name) is \(interface.isUp ? interface.carries ? "up" : "down" : "administratively down"), "
                + "line protocol is \(interface.carries ? "up" : "down") (\(interface.status))"
        ]
        let mac = interface.kind == .loopback ? nil : interface.link.link.mac.map { dotted("\($0)") }
        let hardware = interface.kind == .portChannel ? "Port-Channel" : interface.kind == .vlan ? "Vlan" : "Ethernet"
        if interface.kind == .loopback {
            lines.append("  Hardware is Loopback")
        } else {
            lines.append(
                "  Hardware is \(hardware)"
                    + (mac.map { ", address is \($0)" + (interface.kind == .vlan ? "" : " (bia \($0))") } ?? ""))
        }
        if let description = interface.description, !description.isEmpty {
            lines.append("  Description: \(description)")
        }
        if let bundle = bundles[interface.link.link.name], interface.kind == .ethernet {
            lines.append("  Member of \(bundle.name)")
        }
        let addresses = interface.addresses(.ipv4)
        if !interface.isSwitched, !interface.mode.hasPrefix("in ") {
            if let first = addresses.first {
                lines.append("  Internet address is \(first.address.address)")
                lines.append("  Broadcast address is 255.255.255.255")
            } else {
                lines.append("  No Internet protocol address assigned")
            }
        }
        let mtu = interface.mtu.map { "\($0)" } ?? "0"
        let isPort = interface.kind == .ethernet || interface.kind == .management || interface.kind == .portChannel
        if isPort {
            let routed = interface.mode == "routed"
            lines.append("  \(routed ? "IP" : "Ethernet") MTU \(mtu) bytes , BW 1000000 kbit")
            lines.append("  Full-duplex, 1Gb/s, auto negotiation: off, uni-link: n/a")
        } else {
            lines.append("  IP MTU \(mtu) bytes")
        }
        if interface.kind == .portChannel {
            lines.append("  Active members in this channel: \(activeMembers(interface).count)")
            for member in activeMembers(interface) {
                lines.append("  ... \(PortName(kernel: member)) , Full-duplex, 1Gb/s")
            }
        }
        if isPort {
            lines.append("  Loopback Mode : None")
            lines += counterLines(counters[interface.link.link.name] ?? LinkCounters())
        }
        return lines.map { "\($0)\n" }.joined()
    }

    private func activeMembers(_ interface: RouterInterface) -> [InterfaceName] {
        // One port carries what all would, so the others are as good as it is.
        interface.carries ? interface.members : []
    }

    private func counterLines(_ counters: LinkCounters) -> [String] {
        let (input, output) = (counters.received, counters.sent)
        return [
            "  \(counters.carrierChanges) link status changes since last clear",
            "  Last clearing of \"show interface\" counters never",
            "     \(input.packets) packets input, \(input.bytes) bytes",
            "     Received 0 broadcasts, \(counters.receivedMulticast) multicast",
            "     0 runts, 0 giants",
            "     \(input.errors) input errors, 0 CRC, 0 alignment, 0 symbol, \(input.dropped) input discards",
            "     0 PAUSE input",
            "     \(output.packets) packets output, \(output.bytes) bytes",
            "     Sent 0 broadcasts, 0 multicast",
            "     \(output.errors) output errors, \(counters.collisions) collisions",
            "     0 late collision, 0 deferred, \(output.dropped) output discards",
            "     0 PAUSE output",
        ]
    }

    // MARK: Document

    var json: JSONValue? {
        .object(["interfaces": .named(interfaces.map { ($0.name.description, document($0)) })])
    }

    private func document(_ interface: RouterInterface) -> JSONValue {
        let isPort = [.ethernet, .management, .portChannel].contains(interface.kind)
        let mac: JSONValue? = interface.kind == .loopback ? nil : interface.link.link.mac.map { "\($0)" }
        let isMember = interface.mode.hasPrefix("in ")
        let hardware: JSONValue =
            switch interface.kind {
            case .ethernet, .management: "ethernet"
            case .loopback: "loopback"
            case .portChannel: "portChannel"
            case .vlan: "vlan"
            }
        let bundle = interface.kind == .ethernet ? bundles[interface.link.link.name] : nil
        return .object([
            "name": "\(interface.name)", "description": "\(interface.description ?? "")",
            "interfaceStatus": .string(interface.status),
            "lineProtocolStatus": interface.carries ? "up" : "down",
            "forwardingModel": isMember ? "dataLink" : interface.isSwitched ? "bridged" : "routed",
            "hardware": hardware, "mtu": interface.mtu.map { .integer(Int($0)) },
            "bandwidth": isPort ? 1_000_000_000 : 0,
            "duplex": isPort ? "duplexFull" : nil, "autoNegotiate": isPort ? "off" : nil,
            "physicalAddress": mac, "burnedInAddress": mac, "loopbackMode": isPort ? "loopbackNone" : nil,
            "interfaceAddress": .array(interface.isSwitched || isMember ? [] : addressDocument(interface)),
            "interfaceAddressIp6": ipv6Document(interface),
            "interfaceMembership": bundle.map { "Member of \($0.name)" },
            "memberInterfaces": interface.kind == .portChannel
                ? .named(
                    activeMembers(interface).map {
                        (
                            PortName(kernel: $0).description,
                            .object(["bandwidth": 1_000_000_000, "duplex": "duplexFull"])
                        )
                    }) : nil,
            "interfaceCounters": isPort ? counterDocument(interface) : nil,
        ])
    }

    private func addressDocument(_ interface: RouterInterface) -> [JSONValue] {
        let addresses = interface.addresses(.ipv4).map(\.address.address)
        return addresses.isEmpty ? [] : [.ipv4Addresses(addresses)]
    }

    private func ipv6Document(_ interface: RouterInterface) -> JSONValue? {
        let global = interface.addresses(.ipv6)
        guard !global.isEmpty else { return nil }
        return .object([
            "globalUnicastIp6s": .array(global.map { .ipv6Address($0, isUp: interface.carries) }),
            "linkLocalIp6": interface.linkLocal.map { .ipv6Address($0, isUp: interface.carries) },
        ])
    }

    private func counterDocument(_ interface: RouterInterface) -> JSONValue {
        let counters = counters[interface.link.link.name] ?? LinkCounters()
        func number(_ count: UInt64) -> JSONValue { .integer(Int(clamping: count)) }
        let (input, output) = (counters.received, counters.sent)
        return .object([
            "inOctets": number(input.bytes),
            "inUcastPkts": number(input.packets - min(input.packets, counters.receivedMulticast)),
            "inMulticastPkts": number(counters.receivedMulticast), "inBroadcastPkts": 0,
            "inDiscards": number(input.dropped), "totalInErrors": number(input.errors),
            "inputErrorsDetail": .object([
                "runtFrames": 0, "giantFrames": 0, "fcsErrors": 0, "alignmentErrors": 0, "symbolErrors": 0,
                "rxPause": 0,
            ]),
            "outOctets": number(output.bytes), "outUcastPkts": number(output.packets), "outMulticastPkts": 0,
            "outBroadcastPkts": 0, "outDiscards": number(output.dropped), "totalOutErrors": number(output.errors),
            "outputErrorsDetail": .object([
                "collisions": number(counters.collisions), "lateCollisions": 0, "deferredTransmissions": 0,
                "txPause": 0,
            ]),
            "linkStatusChanges": .integer(Int(counters.carrierChanges)), "counterRefreshTime": .number(now),
        ])
    }
}
