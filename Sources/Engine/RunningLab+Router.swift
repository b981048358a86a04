import Addresses
import Blueprint
import NetworkNamespaces
import NetworkObjects
import Rtnetlink
import ShowCommands
import Topology

extension RunningLab {
    /// The router that a user means, in any form that `Journal.namespace(named:)` takes.
    ///
    /// - Throws: `EngineError.notARouter` for another namespace.
    public func router(named name: String) throws(EngineError) -> Journal.Entry {
        let entry = try journal.namespace(named: name)
        if entry.kind == Self.routerKind { return entry }
        let routers = journal.namespaces.filter { $0.kind == Self.routerKind }.map(\.name)
        throw .notARouter(entry.name, kind: entry.kind, routers: routers)
    }

    private static let routerKind = Blueprint.Kind.router.rawValue

    /// What a router's namespace holds now, read from the kernel, with the names that the topology gives to VLANs and
    /// loopbacks.
    public func routerTables(of name: String) throws(EngineError) -> RouterTables {
        let entry = try router(named: name)
        let router = try Self.topology(in: StateFolder(lab: journal.lab)).routers.first { $0.name == entry.name }
        return try reportingRefusals(of: entry.name) {
            try Threads.run {
                let session = try Session(entering: entry.pin, name: entry.name)
                var tables = RouterTables(links: try session.socket.links())
                let interfaces = InterfaceTable(tables.links)
                tables.addresses = try session.socket.observedAddresses(in: interfaces)
                tables.routes = try session.socket.routes(in: interfaces)
                tables.neighbours = try session.socket.agedNeighbours(in: interfaces)
                tables.forwarding = try session.socket.agedForwardingEntries(in: interfaces)
                tables.vlans = try session.socket.bridgeVLANs(in: interfaces)
                for vlan in router?.vlans ?? [] { tables.vlanNames[vlan.id] = vlan.name }
                for loopback in router?.loopbacks ?? [] {
                    for address in loopback.addresses { tables.loopbacks[address.address] = loopback.name }
                }
                return tables
            }
        }
    }
}
