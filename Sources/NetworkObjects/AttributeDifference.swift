/// One attribute of an object that is not as it should be, in the words of iproute2.
public struct AttributeDifference: Hashable, Sendable {
    /// The attribute's name: `mtu`, `via`, `lladdr`.
    public var name: String
    /// What it should be; nil for none.
    public var wanted: String?
    /// What the kernel has; nil for none.
    public var found: String?

    /// An attribute and its two values.
    public init(_ name: String, wanted: String?, found: String?) {
        self.name = name
        self.wanted = wanted
        self.found = found
    }

    /// Nothing if the two are the same.
    public init?<Value: Equatable & CustomStringConvertible>(_ name: String, _ wanted: Value?, _ found: Value?) {
        if wanted == found { return nil }
        self.init(name, wanted: wanted?.description, found: found?.description)
    }
}
