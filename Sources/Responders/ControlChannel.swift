import CLinux
import Glibc
import System

/// What the command that changes a lab and its background process say to each other: words, and descriptors with them,
/// over a UNIX socket that keeps messages apart (unix(7), SOCK_SEQPACKET).
///
/// The command sends `socket` messages with the listening sockets that the process lacks, then `plan` with the file of the
/// plan; the process answers `ready` or `error`. `sockets` asks for the names of those that it has.
struct ControlChannel: ~Copyable {
    let socket: FileDescriptor

    /// A message, and the descriptors that came with it.
    struct Message: ~Copyable {
        let text: String
        var descriptors: Descriptors
    }

    /// Descriptors from another process. Each is closed unless it is taken.
    struct Descriptors: ~Copyable {
        private var numbers: ArraySlice<CInt>

        init(owning numbers: [CInt]) { self.numbers = numbers[...] }

        deinit { for number in numbers { close(number) } }

        /// How many are left.
        var count: Int { numbers.count }

        /// Takes the first of those that are left.
        mutating func next() -> FileDescriptor? {
            guard let number = numbers.popFirst() else { return nil }
            return FileDescriptor(owning: number)
        }
    }

    /// The most descriptors in a message; the kernel's own limit is 253 (SCM_MAX_FD).
    static let mostDescriptors = 200
    /// The longest message in bytes.
    static let longestMessage = 128 << 10

    /// Two ends of a channel.
    static func pair() throws(SystemCallError) -> Pair {
        var ends: [CInt] = [0, 0]
        let kind = CInt(SOCK_SEQPACKET.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        if socketpair(AF_UNIX, kind, 0, &ends) != 0 { throw SystemCallError("socketpair", "socket") }
        return Pair(near: FileDescriptor(owning: ends[0]), far: FileDescriptor(owning: ends[1]))
    }

    /// Two connected sockets.
    struct Pair: ~Copyable {
        let near: FileDescriptor
        let far: FileDescriptor
    }

    /// A socket with a name in the file system, which others connect to once someone listens on it. Root alone may.
    static func named(_ path: String) throws(SystemCallError) -> FileDescriptor {
        let descriptor = try open(path)
        unlink(path)
        try with(address: path) { Glibc.bind(descriptor.number, $0, $1) == 0 ? nil : "bind" }
        // Not by umask(2), which other threads share. Until someone listens nobody can connect.
        if chmod(path, 0o600) != 0 { throw SystemCallError("chmod", path) }
        return descriptor
    }

    /// Connects to a name. Nil if nobody listens there.
    static func connected(to path: String) throws(SystemCallError) -> FileDescriptor? {
        let descriptor = try open(path)
        do throws(SystemCallError) {
            try with(address: path) { connect(descriptor.number, $0, $1) == 0 ? nil : "connect" }
        } catch {
            if error.errno == ECONNREFUSED || error.isNoSuchFile { return nil }
            throw error
        }
        return descriptor
    }

    private static func open(_ path: String) throws(SystemCallError) -> FileDescriptor {
        let number = Glibc.socket(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw SystemCallError("socket", path) }
        return FileDescriptor(owning: number)
    }

    private static func with(
        address path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> String?
    ) throws(SystemCallError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw SystemCallError("bind", path, errno: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let failed = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if let failed { throw SystemCallError(failed, path) }
    }

    /// Whether the other end is root, or the user who started this process.
    func isTrusted(_ user: uid_t) -> Bool {
        // struct ucred, which Glibc's module leaves out: pid, uid, gid.
        var credentials: (pid_t, uid_t, gid_t) = (0, 0, 0)
        var size = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard getsockopt(socket.number, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 else { return false }
        return credentials.1 == 0 || credentials.1 == user
    }

    /// Bounds how long `receive` and `send` wait.
    func limitWaiting(seconds: Int) {
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(socket.number, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    /// Sends a message.
    func send(_ text: String, _ descriptors: [CInt] = []) throws(SystemCallError) {
        var bytes = Array(text.utf8)
        var control = descriptors.isEmpty ? [] : controlRoom(descriptors.count * MemoryLayout<CInt>.size)
        let result = bytes.withUnsafeMutableBytes { bytes in
            control.withUnsafeMutableBytes { control in
                msghdr.with(bytes, control: control) { message in
                    descriptors.withUnsafeBytes {
                        if $0.count > 0 { message.put(level: SOL_SOCKET, type: CInt(SCM_RIGHTS), $0) }
                    }
                    return retrying { sendmsg(socket.number, &message, CInt(MSG_NOSIGNAL)) }
                }
            }
        }
        if result < 0 { throw SystemCallError("sendmsg", "socket") }
    }

    /// Waits for a message. Nil at the end of the channel.
    ///
    /// - Throws: `SystemCallError`; `EMSGSIZE` for one that is longer, or has more descriptors, than a message may.
    func receive() throws(SystemCallError) -> Message? {
        var bytes = [UInt8](repeating: 0, count: Self.longestMessage)
        var control = controlRoom(Self.mostDescriptors * MemoryLayout<CInt>.size)
        var numbers: [CInt] = []
        var flags: CInt = 0
        let count = bytes.withUnsafeMutableBytes { bytes in
            control.withUnsafeMutableBytes { control in
                msghdr.with(bytes, control: control) { message in
                    let count = retrying { recvmsg(socket.number, &message, CInt(MSG_CMSG_CLOEXEC)) }
                    guard count >= 0 else { return count }
                    flags = message.msg_flags
                    message.forEachItem { level, type, data in
                        guard level == SOL_SOCKET, type == CInt(SCM_RIGHTS) else { return }
                        for offset in stride(from: 0, to: data.count, by: MemoryLayout<CInt>.size) {
                            numbers.append(data.loadUnaligned(fromByteOffset: offset, as: CInt.self))
                        }
                    }
                    return count
                }
            }
        }
        // They are ours from here on, whatever becomes of the message.
        let descriptors = Descriptors(owning: numbers)
        if count < 0 { throw SystemCallError("recvmsg", "socket") }
        if flags & CInt(MSG_CTRUNC | MSG_TRUNC) != 0 {
            throw SystemCallError("recvmsg", "socket", errno: EMSGSIZE)
        }
        if count == 0 { return nil }
        return Message(text: String(decoding: bytes[..<count], as: UTF8.self), descriptors: descriptors)
    }
}

/// Runs a system call again as long as a signal interrupts it.
func retrying<Result: BinaryInteger>(_ body: () -> Result) -> Result {
    while true {
        let result = body()
        if result >= 0 || errno != EINTR { return result }
    }
}
