import Addresses
import Blueprint
import NetworkObjects

/// One change of one namespace, a request or two of rtnetlink.
enum Operation: Hashable, Sendable {
    /// Makes an object that is not there. Of a cable, the end that comes first makes both.
    case make(KernelObject)
    /// Gives an object that is there what it should have.
    case change(KernelObject, from: KernelObject)
    /// Removes an object; one that is gone already is none that fails.
    case remove(KernelObject)
    case setIPv4(InterfaceName, [IPv4Value])
    case setNeighbourParameter(InterfaceName, NeighbourParameter, milliseconds: UInt64, AddressFamily)

    /// Its place among those that make something.
    var rank: KernelObject.Kind {
        switch self {
        case .make(let object), .change(let object, _), .remove(let object): object.kind
        case .setIPv4, .setNeighbourParameter: .setting
        }
    }
}

extension Operation: CustomStringConvertible {
    /// The object as a user knows it, for an error about it.
    var description: String {
        switch self {
        case .make(let object), .change(let object, _), .remove(let object): "\(object.kind.rawValue) \(object)"
        case .setIPv4(let device, let values):
            values.map { "sysctl net.ipv4.conf.\(device).\($0.setting.rawValue) = \($0.value)" }.joined(separator: ", ")
        case .setNeighbourParameter(let device, let parameter, let milliseconds, _):
            "neighbour parameter \(parameter) \(milliseconds) ms dev \(device)"
        }
    }
}

extension NamespaceContent {
    /// How many objects these are.
    var objectCount: Int {
        links.count + bridgeVLANs.count + addresses.count + routes.count + rules.count + neighbours.count
            + forwarding.count + qdiscs.count + sysctls.count + tables.count
    }
}

extension Blueprint {
    /// How many objects the lab consists of.
    public var objectCount: Int { namespaces.reduce(0) { $0 + $1.content.objectCount } }
}
