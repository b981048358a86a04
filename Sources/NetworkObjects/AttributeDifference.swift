/// The name of an attribute of an object, in the words of iproute2: `mtu`, `via`, `lladdr`.
public struct AttributeName: Hashable, Sendable {
    /// The name as reports have it.
    public let text: String

    public init(_ text: String) { self.text = text }

    public static let address = AttributeName("address")
    public static let alias = AttributeName("alias")
    public static let destination = AttributeName("dst")
    public static let device = AttributeName("dev")
    public static let expires = AttributeName("expires")
    public static let flags = AttributeName("flags")
    public static let group = AttributeName("group")
    public static let linkAddress = AttributeName("lladdr")
    public static let local = AttributeName("local")
    public static let master = AttributeName("master")
    public static let mtu = AttributeName("mtu")
    public static let origin = AttributeName("proto")
    public static let ownAddress = AttributeName("own address")
    public static let peer = AttributeName("peer")
    public static let prefixLength = AttributeName("prefix length")
    public static let remote = AttributeName("remote")
    public static let scope = AttributeName("scope")
    public static let source = AttributeName("src")
    public static let state = AttributeName("state")
    public static let token = AttributeName("token")
    public static let type = AttributeName("type")
    public static let value = AttributeName("value")
    public static let via = AttributeName("via")
}

extension AttributeName: CustomStringConvertible {
    public var description: String { text }
}

/// One attribute of an object that is not as it should be.
public struct AttributeDifference: Hashable, Sendable {
    public var name: AttributeName
    /// What it should be; nil for none.
    public var wanted: String?
    /// What the kernel has; nil for none.
    public var found: String?

    /// An attribute and its two values.
    public init(_ name: AttributeName, wanted: String?, found: String?) {
        self.name = name
        self.wanted = wanted
        self.found = found
    }

    /// Nothing if the two are the same.
    public init?<Value: Equatable & CustomStringConvertible>(
        _ name: AttributeName, _ wanted: Value?, _ found: Value?
    ) {
        if wanted == found { return nil }
        self.init(name, wanted: wanted?.description, found: found?.description)
    }
}
