/// What a host's root has besides the machine's files.
public struct RootContent: Hashable, Sendable {
    /// The host name (uname(2)).
    public var hostname: String
    /// The files in `/etc` that are the host's own, by name.
    public var etc: [String: [UInt8]]
    /// Files and directories of the machine's that are seen at other places.
    public var binds: [Bind]

    /// A root of a host of this name.
    public init(hostname: String, etc: [String: [UInt8]] = [:], binds: [Bind] = []) {
        self.hostname = hostname
        self.etc = etc
        self.binds = binds
    }

    /// A file or directory of the machine's that a host sees at a place of its choice.
    public struct Bind: Hashable, Sendable {
        /// The directory that its path begins at and must not lead out of, whatever links are on the way.
        public var directory: String
        /// Its path below that directory; empty for the directory itself.
        public var path: String
        /// Where the host sees it, absolute.
        public var target: String
        /// Whether the host may not write to it. What it writes otherwise is its own.
        public var isReadOnly: Bool

        public init(directory: String, path: String, target: String, isReadOnly: Bool) {
            self.directory = directory
            self.path = path
            self.target = target
            self.isReadOnly = isReadOnly
        }
    }
}
