internal import CLinux

/// How far an address or a route reaches (`RT_SCOPE_*`, rtnetlink(7)).
public struct Scope: RawRepresentable, Codable, Hashable, Sendable {
    /// The number in messages.
    public let rawValue: UInt8

    /// The scope with this number; those between the named ones are an administrator's own.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    private init(_ scope: rt_scope_t) { rawValue = UInt8(scope.rawValue) }

    public static let universe = Scope(RT_SCOPE_UNIVERSE)
    public static let site = Scope(RT_SCOPE_SITE)
    public static let link = Scope(RT_SCOPE_LINK)
    public static let host = Scope(RT_SCOPE_HOST)
    public static let nowhere = Scope(RT_SCOPE_NOWHERE)
}

extension Scope: CustomStringConvertible {
    public var description: String {
        switch self {
        case .universe: "global"
        case .site: "site"
        case .link: "link"
        case .host: "host"
        case .nowhere: "nowhere"
        default: "\(rawValue)"
        }
    }
}
