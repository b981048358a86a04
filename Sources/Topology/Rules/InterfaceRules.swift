import Addresses

/// Rules of interfaces, VLANs and MTUs.
extension TopologyCheck {
    mutating func links() {
        for router in topology.routers {
            let path = Self.routers[router.name]
            vlans(router, path["vlans"])
            ports(router, path["ports"])
            var loopbacks: Set<String> = []
            for loopback in router.loopbacks {
                if !loopbacks.insert(loopback.name).inserted {
                    report(path["loopbacks"][loopback.name], "\(router.name) has another loopback of this name")
                }
            }
        }
        for machine in topology.machines {
            interfaces(of: machine)
            guard case .node = machine.number else { continue }
            for interface in machine.interfaces {
                if interface.name.hasPrefix("cali") || interface.name == "tunl0"
                    || interface.name.hasPrefix("vxlan") && interface.name.hasSuffix(".calico")
                {
                    report(
                        machine.path["interfaces"][interface.name],
                        "names such as \(interface.name) are Calico's own on a node; call it eth1"
                    )
                }
            }
        }
    }

    /// Interfaces of a machine: each name once, and each parent, bridge and VLAN there.
    private mutating func interfaces(of machine: Machine) {
        var seen: Set<String> = []
        let names = machine.interfaces.map(\.name)
        for interface in machine.interfaces {
            let path = machine.path["interfaces"][interface.name]
            if interface.name != "lo" || interface.kind != .dummy { interfaceName(interface.name, path) }
            if !seen.insert(interface.name).inserted {
                report(path, "\(machine.name) has another interface of this name")
            }
            if case .vlan(let parent, let id) = interface.kind {
                if !seen.contains(parent) || parent == interface.name {
                    report(
                        path["vlan"]["parent"], "there is no interface \(parent) before it\(hint(parent, among: names))"
                    )
                }
                if !(1...4094).contains(id) {
                    report(path["vlan"]["id"], "\(id) is not a VLAN; VLANs go from 1 to 4094")
                }
            }
            if let master = interface.master,
                !machine.interfaces.contains(where: {
                    $0.name == master && $0.kind == .bridge && master != interface.name
                })
            {
                report(path["master"], "there is no bridge \(master) on \(machine.name)\(hint(master, among: names))")
            }
        }
    }

    private mutating func vlans(_ router: Router, _ path: FieldPath) {
        var seen: Set<UInt16> = []
        for vlan in router.vlans {
            if !(1...4094).contains(vlan.id) {
                report(path["\(vlan.id)"], "\(vlan.id) is not a VLAN; VLANs go from 1 to 4094")
            }
            if !seen.insert(vlan.id).inserted { report(path["\(vlan.id)"], "\(router.name) has VLAN \(vlan.id) twice") }
            if let name = vlan.name, !isVLANName(name) {
                report(
                    path["\(vlan.id)"]["name"],
                    "a VLAN's name has 1 to 32 printable characters, none of them a space or brace")
            }
        }
    }

    private func isVLANName(_ name: String) -> Bool {
        (1...32).contains(name.utf8.count)
            && name.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "{") && $0 != UInt8(ascii: "}") }
    }

    private mutating func ports(_ router: Router, _ path: FieldPath) {
        // VLAN 1 is there on every switch, whether someone writes it or not.
        let known = Set(router.vlans.map(\.id)).union([1])
        var names = Set(router.vlans.map { "vlan\($0.id)" })
        for port in router.ports {
            let path = path[port.name]
            interfaceName(port.name, path)
            if !names.insert(port.name).inserted {
                report(
                    path,
                    port.name.hasPrefix("vlan")
                        ? "\(port.name) is the name of a VLAN's own interface; call the port eth1"
                        : "\(router.name) has another port of this name")
            }
            switch port.mode {
            case .access(let vlan): self.vlan(vlan, of: router, known, path["access"])
            case .trunk(let allowed, let native):
                for (index, range) in allowed.enumerated() { vlans(range, of: router, known, path["trunk"][index]) }
                if let native { vlan(native, of: router, known, path["native"]) }
            case .routed(_, let subinterfaces): self.subinterfaces(subinterfaces, port, router, path["subinterfaces"])
            }
        }
    }

    private mutating func vlan(_ vlan: UInt16, of router: Router, _ known: Set<UInt16>, _ path: FieldPath) {
        if !(1...4094).contains(vlan) {
            report(path, "\(vlan) is not a VLAN; VLANs go from 1 to 4094")
        } else if !known.contains(vlan) {
            report(path, "\(router.name) has no VLAN \(vlan); \(vlansOf(router))")
        }
    }

    private mutating func vlans(
        _ range: ClosedRange<UInt16>, of router: Router, _ known: Set<UInt16>, _ path: FieldPath
    ) {
        if range.count == 1 {
            vlan(range.lowerBound, of: router, known, path)
        } else if range.lowerBound < 1 || range.upperBound > 4094 {
            report(path, "\(range.lowerBound)-\(range.upperBound) goes beyond the VLANs, which are 1 to 4094")
        } else if range.count < 4094, !known.contains(where: { range.contains($0) }) {
            report(
                path, "\(router.name) has no VLAN from \(range.lowerBound) to \(range.upperBound); \(vlansOf(router))")
        }
    }

    private func vlansOf(_ router: Router) -> String {
        let ids = router.vlans.map { String($0.id) }
        return ids.isEmpty
            ? "write it under vlans"
            : "it has \(ids.prefix(8).joined(separator: ", "))\(ids.count > 8 ? " and more" : "")"
    }

    private mutating func subinterfaces(
        _ subinterfaces: [Router.Subinterface], _ port: Router.Port, _ router: Router, _ path: FieldPath
    ) {
        var numbers: Set<UInt16> = []
        var vlans: [UInt16: UInt16] = [:]
        for subinterface in subinterfaces {
            let path = path["\(subinterface.number)"]
            interfaceName("\(port.name).\(subinterface.number)", path)
            if !numbers.insert(subinterface.number).inserted {
                report(path, "\(port.name) has another sub-interface \(subinterface.number)")
            }
            if !(1...4094).contains(subinterface.vlan) {
                report(path["vlan"], "\(subinterface.vlan) is not a VLAN; VLANs go from 1 to 4094")
            } else if let other = vlans.updateValue(subinterface.number, forKey: subinterface.vlan) {
                report(path["vlan"], "VLAN \(subinterface.vlan) is already \(port.name).\(other)'s")
            }
        }
    }

    private mutating func interfaceName(_ name: String, _ path: FieldPath) {
        // The kernel reads a % in a name as the place of a number (dev_alloc_name in net/core/dev.c).
        if InterfaceName(name) == nil || name.utf8.contains(UInt8(ascii: "%")) {
            report(
                path,
                name.utf8.count > InterfaceName.maximumLength
                    ? "\"\(name)\" has \(name.utf8.count) characters; the kernel takes at most \(InterfaceName.maximumLength) for an interface"
                    : "\"\(name)\" is not a name for an interface; the kernel takes no spaces and none of / : %")
        } else if ["lo", "all", "default"].contains(name) {
            report(path, "the name \(name) is the kernel's own; call it eth1")
        }
    }

    // MARK: MTUs

    /// RFC 791 and RFC 8200 have the least, a veth's `max_mtu` the most.
    mutating func mtus() {
        let cableMTU = Dictionary(
            topology.cables.lazy.filter { $0.mtu != nil }.flatMap { cable in cable.ends.map { ($0, cable.mtu!) } },
            uniquingKeysWith: { first, _ in first })
        for (index, cable) in topology.cables.enumerated() {
            if let mtu = cable.mtu { self.mtu(mtu, hasIPv6: false, Self.cables[index]) }
        }
        for router in topology.routers {
            for port in router.ports {
                guard let mtu = port.mtu ?? cableMTU[Endpoint(router.name, port.name)] else { continue }
                var hasIPv6 = false
                if case .routed(let addresses, let subinterfaces) = port.mode {
                    hasIPv6 = (addresses + subinterfaces.flatMap(\.addresses)).contains { $0.family == .ipv6 }
                }
                self.mtu(mtu, hasIPv6: hasIPv6, Self.routers[router.name]["ports"][port.name]["mtu"])
            }
            for vlan in router.vlans {
                guard let mtu = vlan.mtu else { continue }
                self.mtu(
                    mtu, hasIPv6: vlan.addresses.contains { $0.family == .ipv6 },
                    Self.routers[router.name]["vlans"]["\(vlan.id)"]["mtu"])
            }
        }
        for machine in topology.machines {
            for interface in machine.interfaces {
                guard let mtu = interface.mtu ?? cableMTU[Endpoint(machine.name, interface.name)] else { continue }
                self.mtu(
                    mtu, hasIPv6: interface.addresses.contains { $0.family == .ipv6 },
                    machine.path["interfaces"][interface.name]["mtu"])
            }
        }
        if let mtu = topology.cluster.mtu {
            self.mtu(mtu, hasIPv6: topology.cluster.pools.contains { $0.prefix.family == .ipv6 }, Self.cluster["mtu"])
        }
    }

    private mutating func mtu(_ mtu: UInt32, hasIPv6: Bool, _ path: FieldPath) {
        if !(68...65535).contains(mtu) {
            report(path, "\(mtu) is not an MTU; it goes from 68 to 65535 bytes")
        } else if hasIPv6, mtu < 1280 {
            report(path, "an MTU of \(mtu) is too small for IPv6, which needs 1280 bytes")
        }
    }
}
