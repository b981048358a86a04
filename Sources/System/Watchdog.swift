import Glibc

/// A process that outlives this one by as much as it takes to do something when this one ends, however it ends.
///
/// The program is started in a session of its own and reads its standard input, which this process keeps open: an end of
/// file without a word before it says that this process is no more.
public struct Watchdog: ~Copyable {
    private let child: ChildProcess
    private let line: FileDescriptor

    /// What a guardian reads if there is nothing left to do.
    public static let dismissal = UInt8(ascii: "d")

    /// Starts a program as the guardian.
    public init(_ program: String, arguments: [String]) throws(SystemCallError) {
        let pipe = try Pipe("guardian")
        var spawn = Spawn([program] + arguments, executable: program)
        spawn.standardInput = .descriptor(pipe.reading.number)
        spawn.standardOutput = .null
        spawn.standardError = .null
        spawn.leadership = .session
        child = try spawn.start()
        line = pipe.takeWriting()
    }

    /// Says that there is nothing left to do, and waits for the guardian's end.
    public consuming func dismiss() {
        var word = Self.dismissal
        _ = uninterrupted { write(line.number, &word, 1) }
        _ = try? child.wait()
    }

    /// In a guardian: waits until the process that started it has ended or has dismissed it.
    ///
    /// - Returns: whether it has ended without a word.
    public static func waitForOrphaning() -> Bool {
        var word: UInt8 = 0
        return uninterrupted { read(STDIN_FILENO, &word, 1) } <= 0
    }
}
