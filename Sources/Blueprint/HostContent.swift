import Addresses
import NetworkObjects
import Topology

/// What the interfaces of a machine on plain Linux, a node or a host, come to in its namespace.
struct HostContent {
    /// Its links, with their addresses.
    private(set) var links: [Link] = []
    private(set) var addresses: [DeviceAddress] = []
    /// Its ways out.
    private(set) var nextHops = NextHops()
    /// The smallest MTU of its cables in bytes; nil for one without cables.
    private(set) var underlayMTU: UInt32?
    /// What a user should know.
    private(set) var notes: [String] = []
    /// The routes of its own that can be installed; once they are taken.
    private(set) var ownRoutes: [Route] = []

    init(
        _ device: String, _ interfaces: [Node.Interface], _ cabling: Cabling, _ features: KernelFeatures,
        problems: inout [BlueprintError.Problem]
    ) {
        // A bridge is there before its ports.
        for interface in interfaces.filter({ $0.kind == .bridge }) + interfaces.filter({ $0.kind != .bridge }) {
            guard let name = InterfaceName(interface.name) else {
                problems.append(.interfaceName(Endpoint(device, interface.name)))
                continue
            }
            if name == "lo" {
                // It is there already.
                addresses += interface.addresses.map { DeviceAddress(name, $0) }
                continue
            }
            guard var link = link(device, interface, name, cabling, features, problems: &problems) else { continue }
            link.mac = interface.hardwareAddress
            link.isUp = !interface.isShutdown
            links.append(link)
            addresses += interface.addresses.map { DeviceAddress(name, $0) }
            if !interface.isShutdown { nextHops.add(name, interface.addresses) }
        }
        let declared = Set(interfaces.map(\.name))
        for (name, end) in cabling.ends(at: device) where !declared.contains(name) {
            links.append(end.link(mtu: nil))
        }
    }

    private mutating func link(
        _ device: String, _ interface: Node.Interface, _ name: InterfaceName, _ cabling: Cabling,
        _ features: KernelFeatures, problems: inout [BlueprintError.Problem]
    ) -> Link? {
        let master = interface.master.flatMap { InterfaceName($0) }
        switch interface.kind {
        case .cable:
            guard let end = cabling.end(at: device, interface.name) else {
                problems.append(.noCable(Endpoint(device, interface.name)))
                return nil
            }
            let link = end.link(mtu: interface.mtu, master: master)
            // Felix takes the smallest MTU of the host's own interfaces (findHostMTU).
            underlayMTU = min(underlayMTU ?? .max, link.mtu ?? Cabling.ethernetMTU)
            return link
        case .vlan(let parent, let id):
            if cabling.tagged.impossible.contains(Endpoint(device, parent)) {
                problems.append(.needsVLANLinks(Endpoint(device, interface.name)))
                return nil
            }
            guard features.contains(.vlanLinks), let parent = InterfaceName(parent) else {
                return Link(name, cabling.tagged.substitute(name, of: device), mtu: interface.mtu, master: master)
            }
            return Link(name, .vlan(VLAN(parent: parent, id: id)), mtu: interface.mtu, master: master)
        case .bridge: return .bridge(name, of: device, mtu: interface.mtu)
        case .dummy:
            // A dummy device does not exist on every kernel; a bridge without ports leads nowhere as well.
            notes.append("\(device): \(name), a dummy interface, is a bridge without ports.")
            return Link(name, .bridge(Bridge()), mtu: interface.mtu)
        }
    }
}

extension NamespaceContent {
    /// What a host's namespace holds.
    init(
        _ host: Host, _ cabling: Cabling, _ features: KernelFeatures, notes: inout [String],
        problems: inout [BlueprintError.Problem]
    ) {
        var machine = HostContent(host.name, host.interfaces, cabling, features, problems: &problems)
        links = [Link("lo", .loopback)] + machine.links
        addresses = machine.addresses
        sysctls = KernelSettings.container.overridden(by: host.sysctls)
        notes += machine.notes
        let taken = machine.takeRoutes(host.routes, of: host.name)
        routes = taken.routes
        notes += taken.notes
    }
}

extension HostContent {
    /// Takes routes of its own.
    mutating func takeOwn(_ written: [StaticRoute], of device: String) {
        ownRoutes = nextHops.take(written, of: device).routes
    }

    fileprivate mutating func takeRoutes(
        _ written: [StaticRoute], of device: String
    ) -> (routes: [Route], notes: [String]) {
        nextHops.take(written, of: device)
    }
}

extension [Sysctl] {
    /// The settings with a machine's own in the place of those of the same path, the others after them.
    func overridden(by own: [String: String]) -> [Sysctl] {
        if own.isEmpty { return self }
        let paths = Set(map(\.path))
        return map { Sysctl($0.path, own[$0.path] ?? $0.value) }
            + own.filter { !paths.contains($0.key) }.sorted { $0.key < $1.key }.map { Sysctl($0.key, $0.value) }
    }
}
