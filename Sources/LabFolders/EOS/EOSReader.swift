import Addresses

/// Reads an EOS configuration line by line, as the command line of EOS would take it: a command either belongs to the
/// mode that an earlier one entered, or leaves that mode.
struct EOSReader {
    var configuration = EOSConfiguration()
    /// The VRFs that interfaces are in.
    var vrfs: Set<String> = []
    /// The VRFs of static routes.
    var routesInVRFs: [Located<String>] = []
    private var mode = Mode.global
    private var interfaceIndices: [EOSInterfaceName: Int] = [:]
    private var vlanIndices: [UInt16: Int] = [:]
    /// What ranges may still stand for: so that `interface Ethernet1-500` ten thousand times over ends in time.
    private var budget = 1_000_000

    /// Where a command belongs.
    private enum Mode {
        case global
        /// In `interface`, of these interfaces by index.
        case interfaces([Int])
        /// In `router bgp` or `router ospf`, the last one of the protocols.
        case routing
        /// In `interface Management`, whose addresses containerlab gives.
        case management
        /// In `vlan`, of these VLANs by index.
        case vlans([Int])
        /// In a mode that is not taken over: its lines are skipped while they are indented.
        case skipped
        /// In free text that ends in a line `EOF`.
        case text
    }

    /// Whether the configuration asked for more than any device has.
    var isExhausted: Bool { budget <= 0 }

    mutating func read(_ line: Substring, at place: SourceLine) {
        if case .text = mode {
            if line.trimmingBlanks == "EOF" { mode = .global }
            return
        }
        guard let command = EOSCommand(line, at: place) else { return }
        switch mode {
        case .interfaces(let indices):
            budget -= indices.count
            if readInterfaceCommand(command, of: indices) { return }
        case .vlans(let indices):
            budget -= indices.count
            if let name = command.arguments(after: "na|me"), !command.isNegated {
                for index in indices { configuration.vlans[index].name = name.joined(separator: " ") }
                return
            }
            if command.isIndented {
                if command.arguments(after: "st|ate susp|end") != nil { warn(command, "VLANs are not suspended") }
                return
            }
        case .routing:
            if readRoutingCommand(command) {
                keep(line)
                return
            }
        case .management:
            if command.arguments(after: "vrf") != nil, command.isIndented {
                configuration.isManagementApart = !command.isNegated
            }
            if command.isIndented { return }
        case .skipped:
            if command.isIndented {
                if Self.beginsText(command) { mode = .text }
                return
            }
        case .global, .text: break
        }
        mode = .global
        readGlobalCommand(command)
    }

    /// The configuration, with what follows from all of it.
    func finished() -> EOSConfiguration {
        var configuration = configuration
        // Routes of a VRF that no interface is in are the management interface's.
        for vrf in routesInVRFs where vrfs.contains(vrf.value) {
            configuration.warnings.append(Warning(at: vrf.place, "VRFs are not supported; the route is left out"))
        }
        configuration.warnings.sort { $0.place < $1.place }
        if isExhausted {
            configuration.warnings.append(
                Warning(
                    at: SourceLine(file: configuration.interfaces.last?.place.file ?? "", line: 1),
                    "the configuration names more interfaces and VLANs than a device has; the rest is not read"))
        }
        return configuration
    }

    private mutating func readGlobalCommand(_ command: EOSCommand) {
        if let arguments = command.arguments(after: "hostn|ame"), let name = arguments.first {
            if !command.isNegated { configuration.hostname = Located(String(name), at: command.place) }
        } else if let arguments = command.arguments(after: "int|erface") {
            enterInterface(command, arguments)
        } else if let arguments = command.arguments(after: "vl|an") {
            enterVLAN(command, arguments)
        } else if command.matches("ip routing") {
            configuration.routesIPv4 = !command.isNegated
        } else if command.matches("ipv6 un|icast-routing") {
            configuration.routesIPv6 = !command.isNegated
        } else if let arguments = command.arguments(after: "ip routing ipv6 int|erfaces") {
            // RFC 5549: IPv4 next hops on interfaces without an IPv4 address.
            if !command.isNegated && arguments.isEmpty { configuration.routesIPv4 = true }
        } else if let arguments = command.arguments(after: "ip route") {
            readRoute(command, arguments, .ipv4)
        } else if let arguments = command.arguments(after: "ipv6 route") {
            readRoute(command, arguments, .ipv6)
        } else if Self.beginsText(command) {
            mode = .text
        } else if enterRouting(command) {
            keep(command.words.joined(separator: " ")[...])
            mode = .routing
        } else if let arguments = command.arguments(after: "ip virt|ual-router mac|-address") {
            if !command.isNegated, let address = arguments.first {
                keep("ip virtual-router mac-address \(address)"[...])
            }
            warn(command, "a virtual router's address answers with the interface's own MAC address")
        } else if let sentence = EOSUnsupported.sentence(for: command) {
            warn(command, sentence)
            mode = .skipped
        } else {
            if !EOSUnsupported.isIrrelevant(command) {
                warn(command, "\"\(command.words.prefix(4).joined(separator: " "))\" is not known; the line is skipped")
            }
            mode = .skipped
        }
    }

    /// Whether free text follows, up to a line `EOF`.
    private static func beginsText(_ command: EOSCommand) -> Bool {
        if command.isNegated { return false }
        return command.arguments(after: "banner") != nil || command.matches("comm|ent")
            || command.matches("action bash")
            || command.matches("code") || command.arguments(after: "code unit") != nil
    }

    private mutating func enterInterface(_ command: EOSCommand, _ arguments: ArraySlice<Substring>) {
        mode = .skipped
        if command.isNegated || EOSCommand.isKeyword(arguments.first ?? "", "defau|lts") { return }
        guard let names = EOSInterfaceName.range(arguments.joined(separator: " ")) else {
            return warn(command, "interface \(arguments.joined(separator: " ")) is not known; it is skipped")
        }
        budget -= names.count
        switch names[0].kind {
        case .management: return mode = .management
        case .null: return
        case .vxlan: return warn(command, "VXLAN on the router is not supported; \(names[0]) is skipped")
        case .tunnel: return warn(command, "tunnels are not supported; \(names[0]) is skipped")
        case .ethernet, .portChannel, .vlan, .loopback: break
        }
        mode = .interfaces(
            names.map { name in
                if let index = interfaceIndices[name] { return index }
                let index = configuration.interfaces.count
                interfaceIndices[name] = index
                configuration.interfaces.append(EOSConfiguration.Interface(name: name, place: command.place))
                return index
            })
    }

    private mutating func enterVLAN(_ command: EOSCommand, _ arguments: ArraySlice<Substring>) {
        mode = .skipped
        guard let first = arguments.first, first.first?.isNumber == true, !command.isNegated else {
            // `vlan internal order …` is about numbers that never leave the device.
            return
        }
        guard let set = VLANSet(arguments.joined()) else {
            return warn(command, "\(arguments.joined(separator: " ")) is not a list of VLANs from 1 to 4094")
        }
        mode = .vlans(set.ranges.flatMap { $0.map { defineVLAN($0, at: command.place) } })
    }

    /// The index of a VLAN that is there from now on, if it was not before.
    @discardableResult
    mutating func defineVLAN(_ id: UInt16, at place: SourceLine) -> Int {
        budget -= 1
        if let index = vlanIndices[id] { return index }
        let index = configuration.vlans.count
        vlanIndices[id] = index
        configuration.vlans.append(EOSConfiguration.VLAN(id: id, name: nil, place: place))
        return index
    }

    mutating func warn(_ command: EOSCommand, _ sentence: String) {
        configuration.warnings.append(Warning(at: command.place, sentence))
    }
}
