import Glibc

/// A system call that the kernel refused, and what it was about.
public struct SystemCallError: Error, Hashable, Sendable {
    /// The call's name, as in section 2 of the manual.
    public let call: String
    /// What it was called on, as the user knows it: a path, a namespace, a process.
    public let object: String
    /// The kernel's answer (errno(3)).
    public let errno: Int32

    /// The call that failed, with the calling thread's `errno` unless another is given.
    public init(_ call: String, _ object: String, errno: Int32 = Glibc.errno) {
        self.call = call
        self.object = object
        self.errno = errno
    }
}

extension SystemCallError: CustomStringConvertible {
    public var description: String { "\(object): \(words) (\(call))" }
}

extension SystemCallError {
    /// The error number in the C library's words.
    public var words: String { String(cString: strerror(errno)) }

    /// Whether the process or the machine had too little of something: what was asked about may well be there.
    public var isShortage: Bool { [EMFILE, ENFILE, ENOMEM, ENOBUFS, EAGAIN].contains(errno) }

    /// Whether the path is simply not there.
    public var isNoSuchFile: Bool { errno == ENOENT }

    /// What a user can do about it, where the error number says.
    public var advice: String? {
        switch errno {
        case EPERM, EACCES: "run it with sudo, on a machine or in a container that may make namespaces"
        case EMFILE: "raise the limit on open files (`ulimit -n 4096`)"
        case ENFILE: "raise the system's limit on open files (sysctl fs.file-max)"
        case ENOSPC where call == "unshare" || call == "clone":
            "raise the limit on network namespaces (sysctl user.max_net_namespaces; of mounts and process numbers, "
                + "user.max_mnt_namespaces and user.max_pid_namespaces), or remove some"
        case ENOSPC where ["mount", "move_mount", "open_tree", "pivot_root"].contains(call):
            "raise the limit on mounts (sysctl fs.mount-max), or remove some"
        case ENOSPC: "free some space, or some inodes (`df`, `df -i`), on the file system of \(object)"
        case ENOMEM: "free some memory"
        case EROFS: "have the file system of \(object) mounted for writing (`mount -o remount,rw`)"
        case EAGAIN where ["pthread_create", "posix_spawn", "clone", "fork"].contains(call):
            "end some processes, or raise the limit on them (`ulimit -u`, sysctl kernel.threads-max, the cgroup's pids.max)"
        default: nil
        }
    }
}
