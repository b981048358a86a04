import Glibc
import System

/// A file that the kernel makes while it is read, such as those below `/proc`.
///
/// Of a long one each read gives a page, which Foundation's `String(contentsOfFile:)` takes for all there is.
public enum KernelFile {
    /// All of it.
    public static func text(_ path: String) throws -> String {
        String(decoding: try FileDescriptor(opening: path, O_RDONLY).readAll(path, limit: 1 << 24), as: UTF8.self)
    }

    /// Its lines.
    public static func lines(_ path: String) throws -> [String] {
        try text(path).split(separator: "\n").map(String.init)
    }
}
