import Addresses
import Blueprint
import Rtnetlink

/// One change of one namespace, a request or two of rtnetlink.
enum Operation: Hashable, Sendable {
    /// Creates a link of any kind but a veth.
    case createLink(Link)
    /// Creates a veth with its other end, which lies in another namespace and is completed there.
    case createVeth(Link, peer: Link, namespace: String)
    /// Sets the attributes of a link that exists: `lo`, or a veth end that the other end's namespace created.
    case configureLink(Link)
    case addBridgeVLAN(BridgeVLAN)
    case setIPv4(InterfaceName, [IPv4Value])
    case setNeighbourParameter(InterfaceName, NeighbourParameter, milliseconds: UInt64, AddressFamily)
    case addAddress(DeviceAddress)
    case addRoute(Route)
    case addNeighbour(Neighbour)
    case addForwardingEntry(ForwardingEntry)
    case setQdisc(Qdisc)
}

extension Operation: CustomStringConvertible {
    /// The object as a user knows it, for an error about it.
    var description: String {
        switch self {
        case .createLink(let link), .configureLink(let link), .createVeth(let link, _, _): "link \(link)"
        case .addBridgeVLAN(let vlan): "bridge vlan \(vlan)"
        case .setIPv4(let device, let values):
            values.map { "sysctl net.ipv4.conf.\(device).\($0.setting.rawValue) = \($0.value)" }.joined(separator: ", ")
        case .setNeighbourParameter(let device, let parameter, let milliseconds, _):
            "neighbour parameter \(parameter) \(milliseconds) ms dev \(device)"
        case .addAddress(let address): "address \(address)"
        case .addRoute(let route): "route \(route)"
        case .addNeighbour(let neighbour): "neighbour \(neighbour)"
        case .addForwardingEntry(let entry): "fdb \(entry)"
        case .setQdisc(let qdisc): "qdisc \(qdisc)"
        }
    }
}

extension NamespaceContent {
    /// How many objects these are.
    var objectCount: Int {
        links.count + bridgeVLANs.count + addresses.count + routes.count + neighbours.count + forwarding.count
            + qdiscs.count + sysctls.count + tables.count
    }
}

extension Blueprint {
    /// How many objects the lab consists of.
    public var objectCount: Int { namespaces.reduce(0) { $0 + $1.content.objectCount } }
}
