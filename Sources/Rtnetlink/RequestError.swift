import Addresses
import NetworkObjects

/// Why an object cannot be put into a message.
public enum RequestError: Error, Hashable, Sendable {
    /// The interface table has no number for this name.
    case unknownInterface(InterfaceName)
    /// A link of this kind is not created by itself: `lo` exists from the start, a veth needs its other end, and other
    /// kinds are only read.
    case notCreatable(InterfaceName)
    /// A queueing discipline of this kind is only read.
    case notBuildable(qdisc: String)
}

extension RequestError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownInterface(let name): "no link is named \(name)"
        case .notCreatable(let name): "a link of the kind of \(name) cannot be created"
        case .notBuildable(let name): "a queueing discipline \(name) cannot be made here"
        }
    }
}

extension InterfaceTable {
    /// The number of a link that a message has to name.
    func index(of name: InterfaceName) throws(RequestError) -> InterfaceIndex {
        guard let index = self[name] else { throw .unknownInterface(name) }
        return index
    }
}
