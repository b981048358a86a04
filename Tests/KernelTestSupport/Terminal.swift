import CLinux
import Glibc
import System

/// A program at a terminal of its own, as somebody sees it who types.
public final class Terminal {
    private let program: ChildProcess
    private let end: FileDescriptor
    /// What it has written that nobody has looked at yet.
    private var unread = ""

    /// Starts a program at a new terminal, which is its controlling one.
    ///
    /// - Parameter rows: how many lines it has; 0 for one that does not say.
    public init(_ arguments: [String], rows: UInt16 = 0) throws {
        var size = winsize(ws_row: rows, ws_col: rows == 0 ? 0 : 80, ws_xpixel: 0, ws_ypixel: 0)
        var (own, other): (CInt, CInt) = (-1, -1)
        try systemCall("openpty", "terminal") { openpty(&own, &other, nil, nil, &size) }
        let end = FileDescriptor(owning: own)
        let far = FileDescriptor(owning: other)
        for descriptor in [own, other] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var spawn = Spawn(["setsid", "--ctty", "--wait"] + arguments)
        spawn.set(["TERM": "dumb", "LC_ALL": "C.UTF-8"])
        spawn.standardInput = .descriptor(far.number)
        spawn.standardOutput = .descriptor(far.number)
        spawn.standardError = .descriptor(far.number)
        spawn.leadership = .session
        program = try spawn.start()
        self.end = end
    }

    deinit {
        program.send(SIGKILL)
        // It may have been waited for, and then there is nothing to wait for.
        _ = try? program.wait()
    }

    /// Types.
    public func type(_ text: String) throws { try end.write(Array(text.utf8), "terminal") }

    /// Types, and waits until the program has written a text.
    ///
    /// - Returns: what it wrote since the last time, up to the end of that text, with lines ending in `\n`.
    /// - Throws: `Silence` if it has not after a minute, or has ended without.
    @discardableResult
    public func type(_ text: String, until expected: String) throws -> String {
        try type(text)
        return try wait(for: expected)
    }

    /// Waits until the program has written a text: see `type(_:until:)`.
    @discardableResult
    public func wait(for expected: String) throws -> String {
        let start = ContinuousClock.now
        while true {
            if let range = unread.range(of: expected) {
                let seen = String(unread[..<range.upperBound])
                unread.removeSubrange(..<range.upperBound)
                return seen
            }
            guard start.duration(to: .now) < .seconds(60), try read() else {
                throw Silence(expected: expected, seen: unread)
            }
        }
    }

    /// Waits for the program's end.
    ///
    /// - Returns: what it wrote last, and its exit status.
    public func waitForEnd() throws -> (output: String, status: CInt) {
        while try read() {}
        return (unread, try program.wait().shellStatus)
    }

    /// Reads what there is, and waits for it up to a minute.
    ///
    /// - Returns: whether there may be more.
    private func read() throws -> Bool {
        var waiting = pollfd(fd: end.number, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, 60_000) > 0 else { return false }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(end.number, &bytes, bytes.count)
        // A terminal that no program has open any more is an error to read from (EIO).
        guard count > 0 else { return false }
        unread += String(decoding: bytes[..<count], as: UTF8.self).replacing("\r\n", with: "\n")
        return true
    }

    /// A program did not write what was waited for.
    public struct Silence: Error, CustomStringConvertible {
        var expected: String
        var seen: String

        public var description: String { "waited for “\(expected)” and saw “\(seen)”" }
    }
}
