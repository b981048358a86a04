import CLinux
import Glibc

/// What processes of one lab say to each other: words, and descriptors with them, over a UNIX socket that keeps messages apart
/// (unix(7), SOCK_SEQPACKET).
public struct ControlChannel: ~Copyable, Sendable {
    public let socket: FileDescriptor

    public init(socket: consuming FileDescriptor) { self.socket = socket }

    /// A message, and the descriptors that came with it.
    public struct Message: ~Copyable {
        public let text: String
        public var descriptors: ReceivedDescriptors
    }

    /// The most descriptors in a message; the kernel's own limit is 253 (SCM_MAX_FD).
    public static let mostDescriptors = 200
    /// The longest message in bytes.
    public static let longestMessage = 128 << 10

    /// Two connected ends of a channel.
    public struct Pair: ~Copyable {
        public let near: FileDescriptor
        public let far: FileDescriptor

        public init() throws(SystemCallError) {
            var ends: [CInt] = [-1, -1]
            let kind = CInt(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue)
            try systemCall("socketpair", "socket") { socketpair(AF_UNIX, kind, 0, &ends) }
            near = FileDescriptor(owning: ends[0])
            far = FileDescriptor(owning: ends[1])
        }

        /// The channel of this process's end; the other end's descriptor is closed.
        public consuming func channel() -> ControlChannel { ControlChannel(socket: near) }
    }

    /// A socket with a name in the file system, which others connect to once someone listens on it. Root alone may.
    public static func named(_ path: String) throws(SystemCallError) -> FileDescriptor {
        let socket = try FileDescriptor(socket: AF_UNIX, SOCK_SEQPACKET, path)
        unlink(path)
        try socket.bind(.path(path), path)
        // Not by umask(2), which other threads share. Until the process listens no connection is possible.
        try systemCall("chmod", path) { chmod(path, 0o600) }
        return socket
    }

    /// Connects to a name. Nil if no process listens there.
    public static func connected(to path: String) throws(SystemCallError) -> ControlChannel? {
        let socket = try FileDescriptor(socket: AF_UNIX, SOCK_SEQPACKET, path)
        do throws(SystemCallError) {
            try socket.connect(.path(path), path)
        } catch {
            if error.errno == ECONNREFUSED || error.isNoSuchFile { return nil }
            throw error
        }
        return ControlChannel(socket: socket)
    }

    /// Bounds how long `receive` and `send` wait.
    public func limitWaiting(seconds: Int) {
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            try? socket.set(SOL_SOCKET, option, timeval(tv_sec: seconds, tv_usec: 0), "socket")
        }
    }

    /// Sends a message.
    public func send(_ text: String, _ descriptors: [CInt] = []) throws(SystemCallError) {
        let item = descriptors.isEmpty ? nil : AncillaryItem(descriptors: descriptors)
        try socket.send(Array(text.utf8).span, with: item, "socket")
    }

    /// Waits for a message. Nil at the end of the channel.
    ///
    /// - Throws: `SystemCallError`; `EMSGSIZE` for one that is longer, or has more descriptors, than a message may.
    public func receive() throws(SystemCallError) -> Message? {
        var buffer = MessageBuffer(
            size: Self.longestMessage, ancillary: Self.mostDescriptors * MemoryLayout<CInt>.size)
        let count = try socket.receive(&buffer, "socket")
        // They are ours from here on, whatever becomes of the message.
        let descriptors = buffer.takeDescriptors()
        if buffer.isTruncated { throw SystemCallError("recvmsg", "socket", errno: EMSGSIZE) }
        if count == 0 { return nil }
        return Message(text: String(decoding: buffer.bytes[..<count], as: UTF8.self), descriptors: descriptors)
    }
}
