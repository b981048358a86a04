import Addresses

/// An object of a kind that is never built here, held as the kernel lists it: so that it is seen, named and removed.
public struct OpaqueObject: Codable, Hashable, Sendable {
    /// The kind, in the words of the tool that shows it: `nexthop`, `filter`, `mdb`.
    public var kindName: String
    /// The object, as far as it is understood, else the bytes of the kernel's message about it.
    public var words: String
    /// The link that it is on, and goes with.
    public var link: InterfaceName?
    /// How the kernel is asked to remove it; nil where it cannot be.
    public var removal: Removal?
    /// Who installed it; nil where the kernel keeps no such number of the kind.
    public var origin: Route.Origin?

    /// A request that removes an object.
    public struct Removal: Codable, Hashable, Sendable {
        /// The part of the kernel that it goes to (`NETLINK_ROUTE`, `NETLINK_XFRM`).
        public var netlinkProtocol: Int32
        /// The message's type.
        public var type: Int
        /// What follows the message's header.
        public var payload: [UInt8]

        /// A request.
        public init(netlinkProtocol: Int32, type: Int, payload: [UInt8]) {
            self.netlinkProtocol = netlinkProtocol
            self.type = type
            self.payload = payload
        }
    }

    /// An object as the kernel lists it.
    public init(
        _ kindName: String, _ words: String, link: InterfaceName? = nil, removal: Removal?, origin: Route.Origin? = nil
    ) {
        self.kindName = kindName
        self.words = words
        self.link = link
        self.removal = removal
        self.origin = origin
    }
}

extension OpaqueObject: NetworkObject {
    public typealias Identity = Self
    public static var kindName: String { "object" }
    public var isOfDaemon: Bool { origin?.isOfDaemon ?? false }
}

extension OpaqueObject: CustomStringConvertible {
    public var description: String { words }
}
