import Glibc

/// A background process's log: lines with the time, in a file that is emptied before it becomes too long.
///
/// A class, because the threads of the process share it.
public final class BoundedLog: Sendable {
    /// Opened for appending.
    private let file: FileDescriptor
    /// The longest file, in bytes.
    private static let longest = 64 << 10

    public init(_ file: consuming FileDescriptor) { self.file = file }

    /// Writes a line.
    public func write(_ sentence: String) {
        var status = stat()
        if fstat(file.number, &status) == 0, status.st_size > Self.longest { ftruncate(file.number, 0) }
        // There is nobody to tell that the log cannot be written.
        try? file.write(Array("\(time(nil)) \(sentence.prefix(500))\n".utf8), "log")
    }
}
