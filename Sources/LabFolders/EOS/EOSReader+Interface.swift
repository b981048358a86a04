import Addresses

extension EOSReader {
    /// Reads a command in the mode of interfaces.
    ///
    /// - Returns: false if the command belongs to no interface, and so ends the mode.
    mutating func readInterfaceCommand(_ command: EOSCommand, of indices: [Int]) -> Bool {
        func all(_ change: (inout EOSConfiguration.Interface) -> Void) {
            for index in indices { change(&configuration.interfaces[index]) }
        }
        if command.matches("sh|utdown") {
            all { $0.isShutdown = !command.isNegated }
        } else if command.matches("sw|itchport") {
            all { $0.isSwitchport = !command.isNegated }
        } else if let arguments = command.arguments(after: "sw|itchport") {
            readSwitchport(command, arguments, indices)
        } else if let arguments = command.arguments(after: "ip add|ress") {
            readIPv4Address(command, arguments, indices)
        } else if let arguments = command.arguments(after: "ipv6 add|ress") {
            readIPv6Address(command, arguments, indices)
        } else if let arguments = command.arguments(after: "ip virt|ual-router add|ress")
            ?? command.arguments(after: "ipv6 virt|ual-router add|ress")
        {
            readVirtualAddress(command, arguments, indices)
        } else if let arguments = command.arguments(after: "desc|ription") {
            // As EOS does it, several blanks are one.
            all { $0.description = command.isNegated || arguments.isEmpty ? nil : arguments.joined(separator: " ") }
        } else if let arguments = command.arguments(after: "mtu") {
            if command.isNegated {
                all { $0.mtu = nil }
            } else if let mtu = arguments.first.flatMap({ UInt32($0) }), (68...65535).contains(mtu) {
                all { $0.mtu = mtu }
            } else {
                warn(command, "an MTU is a number of bytes from 68 to 65535; the line is skipped")
            }
        } else if let arguments = command.arguments(after: "enc|apsulation dot1q") {
            // `encapsulation dot1q vlan 20`; older releases leave out the word.
            guard let vlan = arguments.last.flatMap({ UInt16($0) }), (1...4094).contains(vlan) else {
                warn(command, "a VLAN is a number from 1 to 4094; the line is skipped")
                return true
            }
            all { $0.dot1qVLAN = command.isNegated ? nil : vlan }
        } else if let arguments = command.arguments(after: "channel-g|roup") {
            let number = arguments.first.flatMap { UInt16($0) }
            let isStatic = arguments.dropFirst().first == "mode" && arguments.last == "on"
            all { ($0.channelGroup, $0.isStaticMember) = (command.isNegated ? nil : number, isStatic) }
        } else if let arguments = command.arguments(after: "vrf"), arguments.first != "instance" {
            guard let name = arguments.last, !command.isNegated else { return true }
            vrfs.insert(String(name))
            warn(command, "VRFs are not supported; the interface stays in the default one")
        } else if command.arguments(after: "ip ospf area") != nil {
            all { $0.runsOSPF = !command.isNegated }
            keep(((command.isNegated ? ["no"] : []) + command.words).joined(separator: " "), of: indices)
        } else if let sentence = EOSUnsupported.interfaceSentence(for: command) {
            warn(command, sentence)
        } else if command.isIndented || EOSUnsupported.isIrrelevantForInterface(command) {
            if EOSUnsupported.isIrrelevantForInterface(command) { return true }
            warn(
                command,
                "\"\(command.words.prefix(4).joined(separator: " "))\" is not known for an interface; the line is skipped"
            )
        } else {
            return false
        }
        return true
    }

    private mutating func readSwitchport(
        _ command: EOSCommand, _ arguments: ArraySlice<Substring>, _ indices: [Int]
    ) {
        func all(_ change: (inout EOSConfiguration.Interface) -> Void) {
            for index in indices { change(&configuration.interfaces[index]) }
        }
        if let mode = command.arguments(after: "sw|itchport mo|de") {
            if command.isNegated || EOSCommand.isKeyword(mode.first ?? "", "acc|ess") {
                all { $0.isTrunk = false }
            } else if EOSCommand.isKeyword(mode.first ?? "", "tr|unk") {
                all { $0.isTrunk = true }
            } else {
                warn(command, "switchport mode \(mode.joined(separator: " ")) is not supported; the line is skipped")
            }
        } else if let vlan = command.arguments(after: "sw|itchport acc|ess vl|an") {
            guard let id = command.isNegated ? 1 : vlan.first.flatMap({ UInt16($0) }), (1...4094).contains(id) else {
                return warn(command, "a VLAN is a number from 1 to 4094; the line is skipped")
            }
            // EOS makes the VLAN of an access port.
            if !command.isNegated { defineVLAN(id, at: command.place) }
            all { $0.accessVLAN = id }
        } else if let vlan = command.arguments(after: "sw|itchport tr|unk nat|ive vl|an") {
            if command.isNegated {
                all { $0.nativeVLAN = 1 }
            } else if vlan.first == "tag" {
                all { $0.nativeVLAN = nil }
            } else if let id = vlan.first.flatMap({ UInt16($0) }), (1...4094).contains(id) {
                all { $0.nativeVLAN = id }
            } else {
                warn(command, "a VLAN is a number from 1 to 4094; the line is skipped")
            }
        } else if let list = command.arguments(after: "sw|itchport tr|unk allo|wed vl|an") {
            guard let change = command.isNegated ? { _ in .all } : Self.allowedVLANs(list) else {
                return warn(command, "\(list.joined(separator: " ")) is not a list of VLANs; the line is skipped")
            }
            all { $0.allowedVLANs = change($0.allowedVLANs) }
        } else if command.arguments(after: "sw|itchport def|ault") == nil,
            command.arguments(after: "sw|itchport source-interface") == nil
        {
            warn(command, "switchport \(arguments.joined(separator: " ")) is not supported; the line is skipped")
        }
    }

    /// What `switchport trunk allowed vlan` makes of the VLANs that were allowed before.
    private static func allowedVLANs(_ words: ArraySlice<Substring>) -> ((VLANSet) -> VLANSet)? {
        guard let first = words.first else { return nil }
        let rest = VLANSet(words.dropFirst().joined())
        switch first {
        case "all": return { _ in .all }
        case "none": return { _ in .none }
        case "add": return rest.map { rest in { $0.union(rest) } }
        case "remove": return rest.map { rest in { $0.subtracting(rest) } }
        case "except": return rest.map { rest in { _ in VLANSet.all.subtracting(rest) } }
        default: return VLANSet(words.joined()).map { set in { _ in set } }
        }
    }
}
