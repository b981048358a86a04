import Addresses
import Engine
import Rtnetlink
import ShowCommands

/// A `show` command of a switch: see `ShowCommands`.
public typealias ShowCommand = ShowCommands.ShowCommand
/// What a command that stands for none is: see `ShowCommands`.
public typealias ShowCommandError = ShowCommands.ShowCommandError
/// What a router answers: see `ShowCommands`.
public typealias ShowAnswer = ShowCommands.ShowAnswer

extension Lab {
    /// What a router answers to a `show` command, from what the kernel has there now.
    ///
    /// - Parameter router: its name, in any form that `nslab exec` takes.
    public func show(_ command: ShowCommand, on router: String) throws(NSLabError) -> ShowAnswer {
        try reportingErrors { ShowAnswer(command, try tables(of: router)) }
    }

    /// What a router's namespace holds now, read from the kernel, with the names that the topology gives to VLANs and
    /// loopbacks.
    private func tables(of name: String) throws -> RouterTables {
        let entry = try running.router(named: name)
        let router = try running.topology.routers.first { $0.name == entry.name }
        return try running.read(entry) { socket in
            var tables = RouterTables(links: try socket.links())
            let interfaces = InterfaceTable(tables.links)
            tables.addresses = try socket.observedAddresses(in: interfaces)
            tables.routes = try socket.routes(in: interfaces)
            tables.neighbours = try socket.agedNeighbours(in: interfaces)
            tables.forwarding = try socket.agedForwardingEntries(in: interfaces)
            tables.vlans = try socket.bridgeVLANs(in: interfaces)
            for vlan in router?.vlans ?? [] {
                tables.vlanNames[vlan.id] = vlan.name
                if !vlan.addresses.isEmpty { tables.routedVLANs.insert(vlan.id) }
            }
            for port in router?.ports ?? [] {
                guard let channel = port.channel, let name = InterfaceName(port.name) else { continue }
                let carrier = router?.ports.first { $0.channel == channel && !$0.isShutdown }
                tables.bundles[name] = .init(channel, carrier: carrier.flatMap { InterfaceName($0.name) } ?? name)
            }
            for route in router?.routes ?? [] {
                switch route.source {
                case .written: break
                case .externalBGP: tables.learned[route.destination] = .external
                case .internalBGP: tables.learned[route.destination] = .internal
                case .ospf(let cost): tables.learned[route.destination] = .ospf(cost: cost)
                }
            }
            for loopback in router?.loopbacks ?? [] {
                for address in loopback.addresses { tables.loopbacks[address.address] = loopback.name }
            }
            return tables
        }
    }

    /// The whole name of a router.
    public func routerName(_ router: String) throws(NSLabError) -> String {
        try reportingErrors { try running.router(named: router).name }
    }

    /// The routers of the only running lab, for completion; empty where they cannot be read.
    public static func routerNames() -> [String] {
        guard let running = try? RunningLab() else { return [] }
        return running.journal.namespaces.filter { $0.kind == "router" }.map(\.name)
    }
}
