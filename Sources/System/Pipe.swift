import CLinux
import Glibc

/// The two ends of a pipe (pipe(7)), neither of which a program inherits that another thread starts meanwhile.
public struct Pipe: ~Copyable {
    /// The end that is read from.
    public let reading: FileDescriptor
    /// The end that is written to.
    public let writing: FileDescriptor

    /// Makes a pipe.
    ///
    /// - Parameter object: what an error names.
    public init(_ object: String) throws(SystemCallError) {
        var ends: [CInt] = [-1, -1]
        try systemCall("pipe2", object) { pipe2(&ends, O_CLOEXEC) }
        reading = FileDescriptor(owning: ends[0])
        writing = FileDescriptor(owning: ends[1])
    }

    /// Keeps one end and closes the other.
    public consuming func takeReading() -> FileDescriptor { reading }

    /// Keeps one end and closes the other.
    public consuming func takeWriting() -> FileDescriptor { writing }
}
