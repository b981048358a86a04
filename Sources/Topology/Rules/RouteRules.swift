import Addresses

/// Rules of static routes: ways that the kernel would take.
extension TopologyCheck {
    mutating func routes() {
        let machines = topology.machines.filter { !$0.routes.isEmpty }
        guard !machines.isEmpty || topology.routers.contains(where: { !$0.routes.isEmpty }) else { return }
        var byDevice: [Device: [AddressedInterface]] = [:]
        for interface in interfaces { byDevice[interface.device, default: []].append(interface) }
        for (index, router) in topology.routers.enumerated() where !router.routes.isEmpty {
            routes(router.routes, .router(index), byDevice[.router(index)] ?? [], Self.routers[router.name])
        }
        for machine in machines {
            let device = Device.machine(machine.number)
            routes(machine.routes, device, byDevice[device] ?? [], machine.path)
        }
    }

    private mutating func routes(
        _ routes: [StaticRoute], _ device: Device, _ interfaces: [AddressedInterface], _ path: FieldPath
    ) {
        var subnets: [Subnet] = []
        var names: Set<String> = []
        for interface in interfaces {
            let name = topology.kernelName(of: interface.place)
            if let name { names.insert(name) }
            for address in interface.addresses {
                subnets.append(Subnet(own: address.address, prefix: address.prefix, interface: name))
            }
        }
        var seen: [RouteKey: (index: Int, targets: Set<StaticRoute.Target>)] = [:]
        for (index, route) in routes.enumerated() {
            let path = path["routes"][index]
            let key = RouteKey(destination: route.destination, metric: route.metric ?? 0)
            let first = seen[key]?.index ?? index
            let others = seen[key]?.targets ?? []
            seen[key] = (first, others.union([route.target]))
            // Several ways of a router share the packets; what leads nowhere, and what is written twice, does not.
            let isShared: Bool
            if case .router = device {
                isShared = !others.contains(route.target) && !others.contains(.blackhole) && route.target != .blackhole
            } else {
                isShared = false
            }
            if !others.isEmpty, !isShared {
                reportTolerable(
                    path,
                    "there is another route to \(route.destination)\(route.metric.map { " of metric \($0)" } ?? "") "
                        + "(routes[\(first)]); give one of them another metric")
            }
            switch route.target {
            case .blackhole: break
            case .interface(let interface): self.interface(interface, names, device, path)
            case .gateway(let gateway, let interface):
                if let interface, !self.interface(interface, names, device, path) { continue }
                gatewayRule(route, gateway, interface, subnets, device, path)
            }
        }
    }

    private struct Subnet {
        var own: IPAddress
        var prefix: Prefix
        /// The interface's name in the kernel; nil for a loopback's.
        var interface: String?
    }

    private struct RouteKey: Hashable {
        var destination: Prefix
        var metric: UInt32
    }

    @discardableResult
    private mutating func interface(_ name: String, _ names: Set<String>, _ device: Device, _ path: FieldPath) -> Bool {
        if names.contains(name) { return true }
        if case .router(let index) = device, topology.routers[index].ports.contains(where: { $0.name == name }) {
            reportTolerable(
                path,
                "\(name) of \(topology.name(of: device)) is a switch port; a route goes over the VLAN's interface, such as vlan10"
            )
        } else {
            reportTolerable(
                path, "\(topology.name(of: device)) has no interface \(name)\(hint(name, among: names.sorted()))")
        }
        return false
    }

    private mutating func gatewayRule(
        _ route: StaticRoute, _ gateway: IPAddress, _ interface: String?, _ subnets: [Subnet], _ device: Device,
        _ path: FieldPath
    ) {
        let name = topology.name(of: device)
        if gateway.family != route.destination.family {
            report(
                path,
                "the gateway \(gateway) is \(gateway.family) and the destination \(route.destination) is "
                    + "\(route.destination.family); they have to be of one family")
        } else if let fault = notUnicast(gateway) {
            reportTolerable(path, "the gateway \(gateway) is \(fault)")
        } else if subnets.contains(where: { $0.own == gateway }) {
            reportTolerable(path, "the gateway \(gateway) is \(name)'s own address; write the neighbour's")
        } else if gateway.family == .ipv6, gateway.isLinkLocal {
            if interface == nil {
                reportTolerable(path, "a link-local gateway needs its interface: via \(gateway) dev eth1")
            }
        } else if !subnets.contains(where: {
            $0.prefix.contains(gateway) && $0.interface != nil && (interface == nil || interface == $0.interface)
        }) {
            let near = Set(
                subnets.lazy.filter {
                    $0.prefix.family == gateway.family && $0.interface != nil
                        && (interface == nil || interface == $0.interface)
                }.map(\.prefix))
            let list = near.sorted().prefix(4).map(\.description).joined(separator: ", ")
            let whose = interface.map { "\(name)'s \($0)" } ?? name
            reportTolerable(
                path,
                "the gateway \(gateway) is on no subnet of \(whose), which has "
                    + (list.isEmpty ? "no \(gateway.family) address" : list))
        }
    }
}
