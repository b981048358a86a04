import Glibc

/// Tells when names appear in folders or go from them, or files there have been written (inotify(7)).
public struct FolderWatch: ~Copyable, Sendable {
    private let descriptor: FileDescriptor

    private init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    /// Watches folders. One that is not there is not watched.
    public init(_ folders: [String]) throws(SystemCallError) {
        let descriptor = FileDescriptor(
            owning: try systemCall("inotify_init1", "process") { inotify_init1(CInt(IN_CLOEXEC | IN_NONBLOCK)) })
        let events = UInt32(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE)
        for folder in folders {
            let watch = inotify_add_watch(descriptor.number, folder, events)
            if watch < 0, errno != ENOENT { throw SystemCallError("inotify_add_watch", folder) }
        }
        self.init(descriptor)
    }

    /// Has a poller wait for it.
    public func add(to poller: borrowing Poller, number: Int) throws(SystemCallError) {
        try poller.add(descriptor, number: number, .receiving)
    }

    /// The names that something has happened to.
    ///
    /// - Returns: nil where more has happened than was kept: then it may be anything.
    public func names() -> Set<String>? {
        var names: Set<String>? = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while case let count = read(descriptor.number, &buffer, buffer.count), count > 0 {
            var start = 0
            // struct inotify_event: wd, mask, cookie, len, and a name of so many bytes.
            while start + 16 <= count {
                let field = { (offset: Int) in
                    (0..<4).reduce(UInt32(0)) { $0 | UInt32(buffer[start + offset + $1]) << UInt32(8 * $1) }
                }
                if field(4) & UInt32(IN_Q_OVERFLOW) != 0 { names = nil }
                let end = min(start + 16 + Int(field(12)), count)
                names?.insert(String(decoding: buffer[(start + 16)..<end].prefix { $0 != 0 }, as: UTF8.self))
                start = end
            }
        }
        return names
    }
}
