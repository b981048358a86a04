public import Netlink
import NetworkObjects

/// A kind of object that rtnetlink lists, makes and deletes.
public protocol RouteObject: NetworkObject {
    /// All objects of this kind in the socket's namespace.
    static func all(_ socket: inout RouteSocket, in table: InterfaceTable) throws(NetlinkError) -> [Self]
    /// Adds the requests that make a change, one unless the type says otherwise.
    func append(_ change: ObjectChange, to batch: inout RouteBatch, in table: InterfaceTable) throws(RequestError)
}

/// What a request does to an object.
public enum ObjectChange: Sendable {
    /// Makes it; refused if there is one of the same identity (EEXIST).
    case add
    /// Makes it, or puts it in the place of the one that is there.
    case replace
    /// Deletes it; refused if it is not there.
    case delete

    /// The message's type.
    func type(_ new: Int, _ delete: Int) -> Int { self == .delete ? delete : new }

    /// The flags of the request.
    var flags: RequestFlags {
        switch self {
        case .add: [.create, .exclusive]
        case .replace: [.create, .replace]
        case .delete: []
        }
    }
}

extension RouteBatch {
    /// Adds an object that is not there yet.
    public mutating func add(_ object: some RouteObject, in table: InterfaceTable) throws(RequestError) {
        try object.append(.add, to: &self, in: table)
    }

    /// Adds an object, or puts it in the place of the one that is there.
    public mutating func replace(_ object: some RouteObject, in table: InterfaceTable) throws(RequestError) {
        try object.append(.replace, to: &self, in: table)
    }

    /// Deletes an object.
    public mutating func delete(_ object: some RouteObject, in table: InterfaceTable) throws(RequestError) {
        try object.append(.delete, to: &self, in: table)
    }
}
