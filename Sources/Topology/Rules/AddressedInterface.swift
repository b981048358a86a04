import Addresses

/// An interface that can have addresses: an SVI, a routed port, a sub-interface, a loopback, a network's gateway, or an
/// interface of a node or host. Knows its place by number; paths and names are made when a problem needs them.
struct AddressedInterface {
    let place: Place
    let addresses: [InterfaceAddress]

    enum Place: Hashable {
        case svi(router: Int, vlan: Int)
        case port(router: Int, port: Int)
        case subinterface(router: Int, port: Int, subinterface: Int)
        case loopback(router: Int, loopback: Int)
        case network(Int)
        case interface(Machine.Number, interface: Int)
    }

    var device: Device {
        switch place {
        case .svi(let router, _), .port(let router, _), .subinterface(let router, _, _), .loopback(let router, _):
            .router(router)
        case .network(let network): .network(network)
        case .interface(let machine, _): .machine(machine)
        }
    }

    static func all(of topology: Topology) -> [AddressedInterface] {
        var all: [AddressedInterface] = []
        all.reserveCapacity(topology.nodes.count + topology.networks.count + topology.routers.count * 8)
        for (r, router) in topology.routers.enumerated() {
            for (v, vlan) in router.vlans.enumerated() {
                all.append(Self(place: .svi(router: r, vlan: v), addresses: vlan.addresses))
            }
            for (p, port) in router.ports.enumerated() {
                guard case .routed(let addresses, let subinterfaces) = port.mode else { continue }
                all.append(Self(place: .port(router: r, port: p), addresses: addresses))
                for (s, subinterface) in subinterfaces.enumerated() {
                    all.append(
                        Self(
                            place: .subinterface(router: r, port: p, subinterface: s),
                            addresses: subinterface.addresses))
                }
            }
            for (l, loopback) in router.loopbacks.enumerated() {
                all.append(Self(place: .loopback(router: r, loopback: l), addresses: loopback.addresses))
            }
        }
        for (n, network) in topology.networks.enumerated() {
            all.append(Self(place: .network(n), addresses: network.addresses))
        }
        for machine in topology.machines {
            for (i, interface) in machine.interfaces.enumerated() {
                all.append(Self(place: .interface(machine.number, interface: i), addresses: interface.addresses))
            }
        }
        return all
    }
}

extension Topology {
    func path(of place: AddressedInterface.Place) -> FieldPath {
        switch place {
        case .svi(let r, let v):
            return TopologyCheck.routers[routers[r].name]["vlans"]["\(routers[r].vlans[v].id)"]
        case .port(let r, let p):
            return TopologyCheck.routers[routers[r].name]["ports"][routers[r].ports[p].name]
        case .subinterface(let r, let p, let s):
            guard case .routed(_, let subinterfaces) = routers[r].ports[p].mode else { return FieldPath() }
            return path(of: .port(router: r, port: p))["subinterfaces"]["\(subinterfaces[s].number)"]
        case .loopback(let r, let l):
            return TopologyCheck.routers[routers[r].name]["loopbacks"][routers[r].loopbacks[l].name]
        case .network(let n): return TopologyCheck.networks[networks[n].name]
        case .interface(let number, let i):
            let machine = machine(number)
            return machine.path["interfaces"][machine.interfaces[i].name]
        }
    }

    /// The path of one of an interface's addresses.
    func path(of place: AddressedInterface.Place, address: Int) -> FieldPath {
        if case .loopback = place { return path(of: place)[address] }
        return path(of: place)["addresses"][address]
    }

    /// The name that the interface has in the kernel; nil for loopbacks and networks, whose addresses have other homes.
    func kernelName(of place: AddressedInterface.Place) -> String? {
        switch place {
        case .svi(let r, let v): return "vlan\(routers[r].vlans[v].id)"
        case .port(let r, let p): return routers[r].ports[p].name
        case .subinterface(let r, let p, let s):
            guard case .routed(_, let subinterfaces) = routers[r].ports[p].mode else { return nil }
            return "\(routers[r].ports[p].name).\(subinterfaces[s].number)"
        case .interface(let number, let i): return machine(number).interfaces[i].name
        case .loopback, .network: return nil
        }
    }

    /// What a person calls the interface: `ceos01's vlan10`.
    func title(of place: AddressedInterface.Place) -> String {
        switch place {
        case .svi(let r, _), .port(let r, _), .subinterface(let r, _, _):
            return "\(routers[r].name)'s \(kernelName(of: place) ?? "")"
        case .loopback(let r, let l): return "\(routers[r].name)'s \(routers[r].loopbacks[l].name)"
        case .network(let n): return "network \(networks[n].name)"
        case .interface(let number, _): return "\(machine(number).name)'s \(kernelName(of: place) ?? "")"
        }
    }

    /// A device's name.
    func name(of device: Device) -> String {
        switch device {
        case .router(let index): routers[index].name
        case .network(let index): networks[index].name
        case .machine(let number): machine(number).name
        }
    }

    /// `router ceos01`.
    func title(of device: Device) -> String { "\(device.kind) \(name(of: device))" }
}
