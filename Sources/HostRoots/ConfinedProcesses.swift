import CLinux
import Glibc
import NetworkNamespaces
import System

/// The processes with confined rights of one host: they have a PID namespace to themselves (pid_namespaces(7)), so that none can
/// name one of the machine's, neither to a call nor to the kernel's network (`ip link set … netns PID`).
///
/// Such a namespace lives as long as its first process. That one is this program, started with the first command and gone when
/// none is left; meanwhile it takes care that they are not too many. What it knows is in the host's directory in the store.
struct ConfinedProcesses: ~Copyable {
    /// The host's directory in the store.
    let directory: String
    /// The host's network namespace, which the first process is in, too: so whoever ends a lab finds it.
    private let network: NetworkNamespace
    /// Held while one begins, and while the first process ends.
    private let lock: FileDescriptor

    /// The most processes and threads in one namespace, which a machine can do with: one for each MiB that it has, 4096 at most.
    static let most = max(256, min(4096, MachineMemory.size >> 20))

    init(directory: String, network: consuming NetworkNamespace) throws(SystemCallError) {
        self.directory = directory
        self.network = network
        lock = try Self.lock(directory)
    }

    private static func lock(_ directory: String) throws(SystemCallError) -> FileDescriptor {
        let lock = try FileDescriptor(opening: "\(directory)/\(Record.lock.rawValue)", O_RDWR | O_CREAT, mode: 0o600)
        try systemCall("flock", directory) { flock(lock.number, LOCK_EX) }
        return lock
    }

    // MARK: Records

    /// The files in a host's directory in the store. They are made with it, and of one size, so that there is room for what is
    /// written to them when programs of the host have filled the store.
    enum Record: String, CaseIterable {
        case lock = "processes.lock"
        /// The number of the first process, and that of its namespace, which tells it from a later process.
        case first = "processes"
        /// Why all were ended, until somebody was told.
        case ended = "processes.ended"
    }

    /// Makes the files in the directory of a host that is new.
    static func prepare(_ directory: String) throws(SystemCallError) {
        for file in Record.allCases {
            try FileDescriptor(opening: "\(directory)/\(file.rawValue)", O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
                .record("")
        }
    }

    // MARK: Entering

    /// Has the children of this process, from now on, be in the namespace; one is made where there is none.
    ///
    /// - Parameter root: the host's root, for the first process.
    /// - Returns: the first process, if it is a child of this one's.
    func enter(_ root: borrowing HostRoot) throws(SystemCallError) -> FirstProcess? {
        guard let namespace = try present() else { return try make(root) }
        defer { close(namespace) }
        try systemCall("setns", "process numbers") { setns(namespace, CLONE_NEWPID) }
        return nil
    }

    // MARK: Asking

    /// Where the first process receives. The path is one through the directory's descriptor, for those of sockets are short.
    private func withMailbox<Value>(
        _ body: (borrowing FileDescriptor, SocketAddress) throws(SystemCallError) -> Value
    ) throws(SystemCallError) -> Value {
        let place = try FileDescriptor(opening: directory, NSLAB_O_PATH | O_DIRECTORY)
        return try body(place, .path("\(place.ownPath)/processes.socket"))
    }

    private func socket() throws(SystemCallError) -> FileDescriptor {
        let kind = CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
        return FileDescriptor(owning: try systemCall("socket", directory) { Glibc.socket(AF_UNIX, kind, 0) })
    }

    private func makeMailbox() throws(SystemCallError) -> CInt {
        try withMailbox { place, address throws(SystemCallError) in
            unlinkat(place.number, "processes.socket", 0)
            let socket = try socket()
            try systemCall("bind", directory) { address.withPointer { bind(socket.number, $0, $1) } }
            return socket.release()
        }
    }

    /// A socket to the first process, on which a command leaves what its filter asks on; nil if nobody is there.
    ///
    /// - Returns: the descriptor, which the caller closes.
    func desk() -> CInt? {
        try? withMailbox { _, address throws(SystemCallError) in
            let socket = try socket()
            try systemCall("connect", directory) { address.withPointer { connect(socket.number, $0, $1) } }
            return socket.release()
        }
    }

    private func open(_ file: Record) throws(SystemCallError) -> FileDescriptor {
        try FileDescriptor(opening: "\(directory)/\(file.rawValue)", O_RDWR | O_CREAT, mode: 0o600)
    }

    /// - Returns: the descriptor of one that is there, which the caller closes; nil if there is none.
    private func present() throws(SystemCallError) -> CInt? {
        let words = try open(.first).recorded().split(separator: " ")
        guard words.count == 2, let first = pid_t(words[0]), let inode = UInt64(words[1]) else { return nil }
        do throws(SystemCallError) {
            // With its first process a namespace ends for good.
            guard let handle = try ProcessHandle(first), !handle.hasEnded(within: 0) else { return nil }
            let namespace = try FileDescriptor(opening: "/proc/\(first)/ns/pid", O_RDONLY)
            return try Self.inode(namespace) == inode ? namespace.release() : nil
        } catch {
            if [ENOENT, ESRCH, EINVAL].contains(error.errno) { return nil }
            throw error
        }
    }

    private static func inode(_ namespace: borrowing FileDescriptor) throws(SystemCallError) -> UInt64 {
        var status = stat()
        try systemCall("fstat", "process numbers") { fstat(namespace.number, &status) }
        return UInt64(status.st_ino)
    }

    /// Makes a namespace, and its first process in the background.
    private func make(_ root: borrowing HostRoot) throws(SystemCallError) -> FirstProcess {
        let question = try Pipe("process numbers")
        let answer = try Pipe("process numbers")
        let directory = directory
        let mailbox = try? makeMailbox()
        defer { if let mailbox { close(mailbox) } }
        try systemCall("unshare", "process numbers") { unshare(CLONE_NEWPID) }
        let first = try ChildProcess.fork {
            FirstProcess.run(directory, network, root, question.reading.number, answer.writing.number, mailbox)
        }
        let namespace = try FileDescriptor(opening: "/proc/\(first.pid)/ns/pid", O_RDONLY)
        try open(.first).record("\(first.pid) \(Self.inode(namespace))")
        return FirstProcess(first, question: question.takeWriting(), answer: answer.takeReading())
    }

    // MARK: What became of them

    /// Why all in a host were ended, if they were since this was asked last.
    ///
    /// - Parameter directory: the host's directory in the store.
    static func takeEnding(_ directory: String) -> String? {
        guard let file = try? FileDescriptor(opening: "\(directory)/\(Record.ended.rawValue)", O_RDWR),
            let reason = try? file.recorded(), !reason.isEmpty
        else { return nil }
        try? file.record("")
        return reason
    }
}

/// Text in a file that is never larger or smaller.
extension FileDescriptor {
    private static var recordSize: Int { 128 }

    /// Puts a text of at most so many bytes in the place of the one that was there.
    func record(_ text: String) throws(SystemCallError) {
        let padding = [UInt8](repeating: UInt8(ascii: " "), count: Self.recordSize)
        lseek(number, 0, SEEK_SET)
        try write(Array((Array(text.utf8) + padding).prefix(Self.recordSize)), text)
    }

    /// The text.
    fileprivate func recorded() throws(SystemCallError) -> String {
        lseek(number, 0, SEEK_SET)
        let bytes = try read("record", atMost: Self.recordSize)
        return String(decoding: bytes, as: UTF8.self).split(separator: " ").joined(separator: " ")
    }
}
