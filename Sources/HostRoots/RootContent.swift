/// What a host's root has besides the machine's files.
public struct RootContent: Hashable, Sendable {
    /// The host name (uname(2)).
    public var hostname: String
    /// The files in `/etc` that are the host's own, by name.
    public var etc: [String: [UInt8]]
    /// A root of a host of this name.
    public init(hostname: String, etc: [String: [UInt8]] = [:]) {
        self.hostname = hostname
        self.etc = etc
    }
}
