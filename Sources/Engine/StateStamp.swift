import Glibc

/// What tells the files that say what a lab should be from what they are after a change: each is replaced as a whole, so that another
/// file has its name then, while the former one is there.
struct StateStamp: Hashable, Sendable {
    private struct File: Hashable {
        var inode: UInt
        var size: Int
        var seconds: Int
        var nanoseconds: Int
    }

    private let files: [File?]

    init(_ state: StateDirectory) {
        files = [state.journal, state.topology, state.allocations, state.commands, state.stoppedPods].map { path in
            var status = stat()
            guard lstat(path, &status) == 0 else { return nil }
            return File(
                inode: UInt(status.st_ino), size: Int(status.st_size), seconds: status.st_mtim.tv_sec,
                nanoseconds: status.st_mtim.tv_nsec)
        }
    }
}
