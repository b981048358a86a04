import Glibc

/// A process that outlives this one by as much as it takes to do something when this one ends, however it ends.
///
/// The program is started in a session of its own and reads its standard input, which this process keeps open: an end of
/// file without a word before it says that this process is no more.
public struct Guardian: ~Copyable {
    private let pid: pid_t
    private let line: FileDescriptor

    /// What a guardian reads if there is nothing left to do.
    public static let dismissal = UInt8(ascii: "d")

    /// Starts a program as the guardian.
    public init(_ program: String, arguments: [String]) throws(SystemCallError) {
        var ends = [CInt](repeating: 0, count: 2)
        try systemCall("pipe", "guardian") { pipe(&ends) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let reading = FileDescriptor(owning: ends[0])
        let writing = FileDescriptor(owning: ends[1])
        var start = ProcessStart([program] + arguments, searching: false)
        start.standardInput = reading.number
        start.isSilent = true
        start.ownSession = true
        pid = try start.run()
        line = writing
    }

    /// Says that there is nothing left to do, and waits for the guardian's end.
    public consuming func dismiss() {
        var word = Self.dismissal
        _ = write(line.number, &word, 1)
        while waitpid(pid, nil, 0) < 0, errno == EINTR {}
    }

    /// In a guardian: waits until the process that started it has ended or has dismissed it.
    ///
    /// - Returns: whether it has ended without a word.
    public static func waitForOrphaning() -> Bool {
        while true {
            var word: UInt8 = 0
            let count = read(STDIN_FILENO, &word, 1)
            if count < 0, errno == EINTR { continue }
            return count <= 0
        }
    }
}
