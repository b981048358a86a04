import Glibc

/// The process's log: lines with the time, in a file that begins anew where it would become too long.
///
/// A class, because the threads of the process share it; it holds no more than a number.
final class BoundedLog: Sendable {
    private let descriptor: CInt
    /// The longest file, in bytes.
    static let longest = 64 << 10

    /// Writes to a descriptor that was opened for appending; -1 for no log.
    init(_ descriptor: CInt) { self.descriptor = descriptor }

    /// Writes a line.
    func write(_ sentence: String) {
        guard descriptor >= 0 else { return }
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_size > Self.longest { ftruncate(descriptor, 0) }
        let line = Array("\(time(nil)) \(sentence.prefix(500))\n".utf8)
        _ = Glibc.write(descriptor, line, line.count)
    }
}
