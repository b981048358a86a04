import Addresses
import NetworkObjects
import Topology

/// Why a line of a configuration is not taken, as a sentence.
public struct ChangeError: Error, Hashable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

extension Router {
    /// Takes a line of a configuration over.
    ///
    /// - Parameter mode: the part of the configuration that it belongs to.
    /// - Returns: what whoever typed it should know; nil for nothing.
    public mutating func make(_ change: Change, in mode: ConfigurationMode) throws(ChangeError) -> String? {
        switch change {
        case .enterInterfaces(let names):
            for name in names.names { try expect(name) }
        case .removeInterfaces(let names):
            for name in names.names { try removeInterface(name) }
        case .enterVLANs(let numbers):
            for number in numbers.numbers { define(number) }
        case .removeVLANs(let numbers): vlans.removeAll { numbers.contains($0.id) }
        case .vlanName(let name):
            guard case .vlans(let numbers) = mode else { throw ChangeError("a VLAN's mode is not entered") }
            for index in vlans.indices where numbers.contains(vlans[index].id) { vlans[index].name = name }
        case .hostname(let name): hostname = name
        case .routing(let family, let isOn):
            if isOn { forwards.insert(family) } else { forwards.remove(family) }
        case .route(let destination, let way, let distance, let isRemoved):
            let target = try target(way)
            routes.removeAll { $0.destination == destination && $0.target == target && $0.source == .written }
            if !isRemoved { routes.append(StaticRoute(destination, target, metric: distance)) }
        case .removeRoutes(let destination):
            routes.removeAll { $0.destination == destination && $0.source == .written }
        case .interface(let change):
            guard case .interfaces(let names) = mode else { throw ChangeError("an interface's mode is not entered") }
            var note: String?
            for name in names.names { note = try make(change, of: name) ?? note }
            return note
        }
        return nil
    }

    // MARK: What names mean

    /// What an interface is in the topology.
    private enum Part {
        case ports([Int])
        case subinterface(port: Int, number: UInt16)
        case vlan(UInt16)
        case loopback
    }

    private func part(_ name: String) throws(ChangeError) -> Part {
        let isNamed = { (port: Router.Port) in
            InterfaceName(port.name).map { PortName(kernel: $0).description } == name
        }
        if let index = ports.firstIndex(where: isNamed) {
            if let channel = ports[index].channel {
                throw ChangeError("\(name) is in Port-Channel\(channel), which is what can be changed")
            }
            return .ports([index])
        }
        let parts = name.split(separator: ".")
        if parts.count == 2, let number = UInt16(parts[1]),
            let port = ports.firstIndex(where: { port in
                InterfaceName(port.name).map { PortName(kernel: $0).description == parts[0] } ?? false
            }), case .routed(_, let all) = ports[port].mode, all.contains(where: { $0.number == number })
        {
            return .subinterface(port: port, number: number)
        }
        switch PortName(name).kind {
        case .portChannel?:
            let members = ports.indices.filter { ports[$0].channel.map { "Port-Channel\($0)" } == name }
            if !members.isEmpty { return .ports(members) }
        case .vlan?:
            if let number = UInt16(name.dropFirst("Vlan".count)), (1...4094).contains(number) { return .vlan(number) }
        case .loopback?: return .loopback
        case .ethernet?, .management?, nil: break
        }
        throw ChangeError("\(name): the router has no such interface; a port comes with its cable")
    }

    private func expect(_ name: String) throws(ChangeError) { _ = try part(name) }

    /// What an interface is called in the kernel.
    ///
    /// - Parameter name: as EOS has it, in full.
    public func device(_ name: String) throws(ChangeError) -> String {
        switch try part(name) {
        case .ports(let indices): ports[indices.first { !ports[$0].isShutdown } ?? indices[0]].name
        case .subinterface(let port, let number): "\(ports[port].name).\(number)"
        case .vlan(let number): "vlan\(number)"
        case .loopback: "lo"
        }
    }

    private func target(_ way: Change.Way) throws(ChangeError) -> StaticRoute.Target {
        switch way {
        case .null: .blackhole
        case .interface(let name): .interface(try device(name))
        case .gateway(let gateway, let name): .gateway(gateway, interface: try name.map(device))
        }
    }

    /// Makes a VLAN, if it is not there.
    ///
    /// - Returns: whether it was not.
    @discardableResult
    private mutating func define(_ number: UInt16) -> Bool {
        if vlans.contains(where: { $0.id == number }) { return false }
        let index = vlans.firstIndex { $0.id > number } ?? vlans.endIndex
        vlans.insert(VLANSegment(id: number), at: index)
        return true
    }

    private mutating func removeInterface(_ name: String) throws(ChangeError) {
        switch try part(name) {
        case .vlan(let number):
            guard let index = vlans.firstIndex(where: { $0.id == number }) else { return }
            vlans[index].addresses = []
            (vlans[index].mtu, vlans[index].isShutdown) = (nil, false)
        case .loopback: loopbacks.removeAll { $0.name == name }
        case .subinterface(let port, let number):
            guard case .routed(let addresses, var all) = ports[port].mode else { return }
            all.removeAll { $0.number == number }
            ports[port].mode = .routed(addresses: addresses, subinterfaces: all)
        case .ports: throw ChangeError("\(name): a port goes with its cable")
        }
    }

    // MARK: Interfaces

    private mutating func make(_ change: Change.InterfaceChange, of name: String) throws(ChangeError) -> String? {
        switch (change, try part(name)) {
        case (.description(let text), let part):
            let description = text.flatMap(Port.description)
            if text != nil, description == nil {
                throw ChangeError("a description has 1 to 240 characters in one line")
            }
            try describe(part, name, description)
        case (.mtu(let mtu), .ports(let indices)): for index in indices { ports[index].mtu = mtu }
        case (.mtu(let mtu), .vlan(let number)): try svi(number) { $0.mtu = mtu }
        case (.shutdown(let isShutdown), .ports(let indices)):
            // The spare ports of a bundle stay as they are.
            let carriers = indices.count == 1 ? indices : Array(indices.prefix(1))
            for index in carriers { ports[index].isShutdown = isShutdown }
        case (.shutdown(let isShutdown), .vlan(let number)): try svi(number) { $0.isShutdown = isShutdown }
        case (.address, _), (.removeAddress, _), (.removeAddresses, _):
            return try changeAddresses(change, of: name)
        case (.switchport(let isSwitched), .ports(let indices)):
            for index in indices where ports[index].mode.isSwitched != isSwitched {
                ports[index].mode = isSwitched ? .access(vlan: 1) : .routed(addresses: [], subinterfaces: [])
            }
            if isSwitched { define(1) }
        case (.accessVLAN(let number), .ports(let indices)):
            for index in indices {
                guard case .access = ports[index].mode else {
                    throw ChangeError("\(name) is no access port: switchport mode access comes first")
                }
                ports[index].mode = .access(vlan: number)
            }
            return define(number) ? "Access VLAN does not exist. Creating vlan \(number)" : nil
        case (.trunk(let isTrunk), .ports(let indices)):
            for index in indices {
                switch (ports[index].mode, isTrunk) {
                case (.access, true): ports[index].mode = .trunk(allowed: [1...4094], native: 1)
                case (.trunk(_, let native), false): ports[index].mode = .access(vlan: native ?? 1)
                case (.access, false), (.trunk, true): break
                case (.routed, _): throw ChangeError("\(name) does not switch: switchport comes first")
                }
            }
            define(1)
        case (.trunkAllowed(let numbers, let operation), .ports(let indices)):
            try changeTrunks(indices, name) { allowed, _ in
                let there = Set(allowed.joined().map(Int.init))
                let given = Set(numbers.numbers.map(Int.init))
                let all =
                    switch operation {
                    case .set: given
                    case .add: there.union(given)
                    case .remove: there.subtracting(given)
                    }
                allowed = VLANNumbers(all).ranges
            }
        case (.trunkNative(let number), .ports(let indices)):
            try changeTrunks(indices, name) { _, native in native = number }
            if let number { define(number) }
        default: throw ChangeError("\(name) has no such setting")
        }
        return nil
    }

    private mutating func describe(_ part: Part, _ name: String, _ description: String?) throws(ChangeError) {
        switch part {
        case .ports(let indices):
            guard let number = ports[indices[0]].channel else {
                ports[indices[0]].description = description
                return
            }
            if let index = channels.firstIndex(where: { $0.number == number }) {
                channels[index].description = description
            } else if description != nil {
                channels.append(Channel(number: number, description: description))
            }
        case .vlan(let number): try svi(number) { $0.description = description }
        case .loopback:
            for index in loopbacks.indices where loopbacks[index].name == name {
                loopbacks[index].description = description
            }
        case .subinterface: throw ChangeError("\(name) has no description of its own")
        }
    }

    private mutating func changeTrunks(
        _ indices: [Int], _ name: String, _ body: (inout [ClosedRange<UInt16>], inout UInt16?) -> Void
    ) throws(ChangeError) {
        for index in indices {
            guard case .trunk(var allowed, var native) = ports[index].mode else {
                throw ChangeError("\(name) is no trunk: switchport mode trunk comes first")
            }
            body(&allowed, &native)
            ports[index].mode = .trunk(allowed: allowed, native: native)
        }
    }

    private mutating func svi(_ number: UInt16, _ body: (inout VLANSegment) -> Void) throws(ChangeError) {
        define(number)
        if let index = vlans.firstIndex(where: { $0.id == number }) { body(&vlans[index]) }
    }

    private mutating func changeAddresses(_ change: Change.InterfaceChange, of name: String) throws(ChangeError)
        -> String?
    {
        switch try part(name) {
        case .vlan(let number): try svi(number) { $0.addresses.make(change) }
        case .loopback:
            if !loopbacks.contains(where: { $0.name == name }) { loopbacks.append(Loopback(name: name, addresses: [])) }
            for index in loopbacks.indices where loopbacks[index].name == name {
                loopbacks[index].addresses.make(change)
            }
            loopbacks.removeAll { $0.addresses.isEmpty && $0.description == nil }
        case .subinterface(let port, let number):
            guard case .routed(let addresses, var all) = ports[port].mode else { return nil }
            for index in all.indices where all[index].number == number { all[index].addresses.make(change) }
            ports[port].mode = .routed(addresses: addresses, subinterfaces: all)
        case .ports(let indices):
            for index in indices {
                guard case .routed(var addresses, let all) = ports[index].mode else {
                    throw ChangeError("\(name) switches and has no addresses: no switchport comes first")
                }
                addresses.make(change)
                ports[index].mode = .routed(addresses: addresses, subinterfaces: all)
            }
        }
        return nil
    }
}

extension [InterfaceAddress] {
    /// Takes a line about addresses over: without `secondary`, an IPv4 address is the first one in place of the one that was.
    fileprivate mutating func make(_ change: Change.InterfaceChange) {
        switch change {
        case .address(let address, let isSecondary):
            removeAll { $0 == address }
            if isSecondary {
                append(address)
            } else if let index = firstIndex(where: { $0.family == address.family }) {
                self[index] = address
            } else {
                insert(address, at: 0)
            }
        case .removeAddress(let address): removeAll { $0 == address }
        case .removeAddresses(let family): removeAll { $0.family == family }
        default: break
        }
    }
}

extension Router.Mode {
    fileprivate var isSwitched: Bool { if case .routed = self { false } else { true } }
}
