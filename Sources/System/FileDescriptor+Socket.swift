import CLinux
import Glibc

/// Sockets (socket(7)). A socket belongs for good to the network namespace that its thread was in when it was made.
extension FileDescriptor {
    /// Makes a socket that no other program inherits.
    ///
    /// - Parameters:
    ///   - domain: such as `AF_INET`.
    ///   - kind: such as `SOCK_STREAM`.
    ///   - isBlocking: whether calls on it wait.
    ///   - object: what an error names.
    public init(
        socket domain: CInt, _ kind: __socket_type, protocol number: CInt = 0, isBlocking: Bool = true,
        _ object: @autoclosure () -> String
    ) throws(SystemCallError) {
        let flags = SOCK_CLOEXEC.rawValue | (isBlocking ? 0 : SOCK_NONBLOCK.rawValue)
        self.init(owning: try systemCall("socket", object()) { socket(domain, CInt(kind.rawValue | flags), number) })
    }

    /// Sets an option (setsockopt(2)).
    public func set<Value>(
        _ level: CInt, _ option: CInt, _ value: Value, _ object: @autoclosure () -> String
    ) throws(SystemCallError) {
        try systemCall("setsockopt", object()) {
            withUnsafePointer(to: value) { setsockopt(number, level, option, $0, socklen_t(MemoryLayout<Value>.size)) }
        }
    }

    /// Gives the socket its own address (bind(2)).
    public func bind(_ address: SocketAddress, _ object: @autoclosure () -> String) throws(SystemCallError) {
        try Self.check(address)
        try systemCall("bind", object()) { address.withPointer { Glibc.bind(number, $0, $1) } }
    }

    /// Connects the socket (connect(2)); one that does not block goes on by itself.
    public func connect(_ address: SocketAddress, _ object: @autoclosure () -> String) throws(SystemCallError) {
        try Self.check(address)
        let result = address.withPointer { address, size in uninterrupted { Glibc.connect(number, address, size) } }
        if result != 0, errno != EINPROGRESS { throw SystemCallError("connect", object()) }
    }

    /// Takes the socket's pending error (`SO_ERROR`, socket(7)): what came of a connection that connect(2) began, or of a datagram.
    ///
    /// - Returns: an errno(3); 0 if there is none.
    public func takeError() -> CInt {
        var (error, size): (CInt, socklen_t) = (0, socklen_t(MemoryLayout<CInt>.size))
        return getsockopt(number, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno
    }

    /// Has the socket take connections (listen(2)).
    public func listen(backlog: CInt, _ object: @autoclosure () -> String) throws(SystemCallError) {
        try systemCall("listen", object()) { Glibc.listen(number, backlog) }
    }

    /// Takes a connection that waits (accept(2)).
    public func accept(_ object: @autoclosure () -> String) throws(SystemCallError) -> FileDescriptor {
        FileDescriptor(owning: try systemCall("accept4", object()) { nslab_accept(number) })
    }

    /// The user whose process is at the other end of a UNIX socket (unix(7), `SO_PEERCRED`); nil if the kernel does not say.
    public var peerUser: uid_t? {
        // struct ucred, which Glibc's module leaves out: pid, uid, gid.
        var credentials: (pid_t, uid_t, gid_t) = (0, 0, 0)
        var size = socklen_t(MemoryLayout.size(ofValue: credentials))
        return getsockopt(number, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 ? credentials.1 : nil
    }

    /// A path that is cut off would be another one.
    private static func check(_ address: SocketAddress) throws(SystemCallError) {
        if case .path(let path) = address, path.utf8.count > SocketAddress.longestPath {
            throw SystemCallError("bind", path, errno: ENAMETOOLONG)
        }
    }
}
