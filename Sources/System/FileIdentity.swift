import Glibc

/// What tells a file from all others that exist at one time: the numbers of its device and of its inode (stat(2)).
public struct FileIdentity: Hashable, Sendable {
    /// The device number of its file system.
    public let device: UInt64
    /// Its number there.
    public let inode: UInt64

    /// The identity that stat(2) gave.
    public init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }

    /// The file at a path, links followed; nil if there is none.
    public init?(at path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }
}

extension FileIdentity: CustomStringConvertible {
    /// Both numbers in hexadecimal.
    public var description: String { String(device, radix: 16) + ":" + String(inode, radix: 16) }
}
