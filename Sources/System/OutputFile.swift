import Glibc

/// A file without a name that programs write to, and whose end is read: what a program and those that it leaves running say. Unlike
/// a pipe's, its writers need no reader.
///
/// A class, because what waits for several programs holds several of them, and none where there is no room for it.
public final class OutputFile: Sendable {
    private let file: FileDescriptor
    /// The end that programs write to; each of them behind what is there.
    public let writing: FileDescriptor

    /// How much of the end is kept, in bytes.
    private static let kept = 16 << 10
    /// How large the file may become before its beginning is dropped, in bytes.
    private static let largest = 1 << 20

    /// Makes a file.
    ///
    /// - Parameter path: where it may be made. It has this name for a moment.
    public init(at path: String) throws(SystemCallError) {
        unlink(path)
        defer { unlink(path) }
        let file = try FileDescriptor(opening: path, O_RDWR | O_CREAT | O_EXCL | O_APPEND, mode: 0o600)
        writing = try FileDescriptor(opening: path, O_WRONLY | O_APPEND)
        self.file = file
    }

    /// The end of what was written.
    public var end: [UInt8] {
        let size = size
        var bytes = [UInt8](repeating: 0, count: min(size, Self.kept))
        let count = pread(file.number, &bytes, bytes.count, size - bytes.count)
        return Array(bytes.prefix(max(0, count)))
    }

    /// Drops what was written but for its end, if it is much. To be called now and then while a program runs.
    public func bound() {
        guard size > Self.largest else { return }
        let rest = end
        ftruncate(file.number, 0)
        try? file.write(rest, "output")
    }

    private var size: Int {
        var status = stat()
        return fstat(file.number, &status) == 0 ? Int(status.st_size) : 0
    }
}
