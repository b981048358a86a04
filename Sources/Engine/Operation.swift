import Addresses
import Blueprint
import Rtnetlink

/// One change of one namespace.
enum Operation: Hashable, Sendable {
    /// Creates a link of any kind but a veth.
    case createLink(Link)
    /// Creates a veth with its other end, which lies in another namespace and is configured there.
    case createVeth(Link, peer: Link, namespace: String)
    /// Sets the attributes of a link that exists: `lo`, or a veth end that the other end's namespace created.
    case configureLink(Link)
    case addBridgeVLAN(BridgeVLAN)
    case addAddress(DeviceAddress)
    case addRoute(Route)
    case addNeighbour(Neighbour)
    case addForwardingEntry(ForwardingEntry)
    /// Sets a link's own setting by netlink.
    case setLinkSetting(LinkSetting)
}

extension Operation: CustomStringConvertible {
    /// The object as a user knows it, for an error about it.
    var description: String {
        switch self {
        case .createLink(let link), .configureLink(let link), .createVeth(let link, _, _): "link \(link)"
        case .addBridgeVLAN(let vlan): "bridge vlan \(vlan)"
        case .addAddress(let address): "address \(address)"
        case .addRoute(let route): "route \(route)"
        case .addNeighbour(let neighbour): "neighbour \(neighbour)"
        case .addForwardingEntry(let entry): "fdb \(entry)"
        case .setLinkSetting(let setting): "sysctl \(setting.sysctl.path) \(setting.sysctl.value)"
        }
    }
}

extension Blueprint {
    /// The changes that fill a namespace which holds `lo` alone, in the one order that the kernel takes: links with their
    /// state, VLANs, links' settings, addresses, routes, neighbours, forwarding entries.
    ///
    /// A cable is made by the namespace that comes first, whose other end is then there when its own turn comes.
    func creation(of namespace: Namespace, position: [String: Int], ends: (VethPeer) -> Link?) -> [Operation] {
        let content = namespace.content
        var operations: [Operation] = []
        operations.reserveCapacity(
            content.links.count + content.addresses.count + content.routes.count + content.neighbours.count
                + content.forwarding.count + content.bridgeVLANs.count + content.sysctls.count)
        for link in content.links {
            switch link.kind {
            case .loopback:
                operations.append(.configureLink(link))
            case .veth(let peer?) where position[peer.namespace]! > position[namespace.name]!:
                operations.append(.createVeth(link, peer: ends(peer)!, namespace: peer.namespace))
            case .veth:
                operations.append(.configureLink(link))
            default:
                operations.append(.createLink(link))
            }
        }
        operations += content.bridgeVLANs.map(Operation.addBridgeVLAN)
        operations += content.sysctls.compactMap { LinkSetting($0).map(Operation.setLinkSetting) }
        operations += content.addresses.map(Operation.addAddress)
        operations += content.routes.map(Operation.addRoute)
        operations += content.neighbours.map(Operation.addNeighbour)
        operations += content.forwarding.map(Operation.addForwardingEntry)
        return operations
    }
}
