import Addresses
import NetworkObjects

/// What a router's namespace holds, as the kernel says it, with the names that only people give.
public struct RouterTables: Sendable {
    public var links: [ObservedLink]
    /// The addresses of all links.
    public var addresses: [ObservedAddress]
    /// The routes of all tables.
    public var routes: [Route]
    /// The neighbours of both families.
    public var neighbours: [CachedEntry<Neighbour>]
    /// The forwarding databases of all bridges.
    public var forwarding: [CachedEntry<ForwardingEntry>]
    /// The VLANs of ports and bridges that filter by VLAN; empty on a kernel that cannot.
    public var vlans: [BridgeVLAN]
    /// What people call a VLAN.
    public var vlanNames: [UInt16: String]
    /// The loopback interfaces by their addresses: the kernel has them all on `lo`.
    public var loopbacks: [IPAddress: String]

    /// Tables, of which the missing ones are empty.
    public init(
        links: [ObservedLink] = [], addresses: [ObservedAddress] = [], routes: [Route] = [],
        neighbours: [CachedEntry<Neighbour>] = [], forwarding: [CachedEntry<ForwardingEntry>] = [],
        vlans: [BridgeVLAN] = [],
        vlanNames: [UInt16: String] = [:], loopbacks: [IPAddress: String] = [:]
    ) {
        self.links = links
        self.addresses = addresses
        self.routes = routes
        self.neighbours = neighbours
        self.forwarding = forwarding
        self.vlans = vlans
        self.vlanNames = vlanNames
        self.loopbacks = loopbacks
    }

    func link(_ name: InterfaceName) -> ObservedLink? { links.first { $0.link.name == name } }

    /// The name that a router has for a link: a loopback's goes by the address.
    func portName(_ device: InterfaceName, _ address: IPAddress? = nil) -> PortName {
        if device == "lo" { return PortName(address.flatMap { loopbacks[$0] } ?? "Loopback0") }
        return PortName(kernel: device)
    }
}
