import Addresses
import NetworkObjects

/// One change of one namespace, a request or two of rtnetlink.
enum Operation: Hashable, Sendable {
    /// Makes an object that is not there. Of a cable, the end that comes first makes both.
    case make(KernelObject)
    /// Gives an object that is there what it should have.
    case change(KernelObject, from: KernelObject)
    /// Removes an object; one that is gone already is none that fails.
    case remove(KernelObject)
    case setIPv4(InterfaceName, [IPv4DevConfValue])
    case setNeighbourParameter(InterfaceName, NeighbourParameter, milliseconds: UInt64, AddressFamily)

    /// Its place among those that make something.
    var rank: Int {
        switch self {
        case .make(let object), .change(let object, _), .remove(let object): object.rank
        case .setIPv4, .setNeighbourParameter: ObjectKinds.rank(of: Sysctl.self)
        }
    }

    /// What it is done to: the kind, and the object as a user knows it.
    var subject: (kind: String, object: String) {
        switch self {
        case .make(let object), .change(let object, _), .remove(let object): (object.kindName, "\(object)")
        case .setIPv4(let device, let values):
            (
                Sysctl.kindName,
                values.map { "net.ipv4.conf.\(device).\($0.setting.rawValue) = \($0.value)" }.joined(separator: ", ")
            )
        case .setNeighbourParameter(let device, let parameter, let milliseconds, let family):
            ("neighbour parameter", "\(parameter) \(milliseconds) ms dev \(device) \(family)")
        }
    }
}

extension Operation: CustomStringConvertible {
    /// What it is done to, for an error about it.
    var description: String { "\(subject.kind) \(subject.object)" }
}
