import CLinux
import Glibc
import System

/// The settings below `/proc/sys/net` of the calling thread's network namespace (sysctl(8)).
public enum KernelSetting {
    /// Writes a value to `/proc/sys/net/PATH`.
    ///
    /// - Throws: `SystemCallError` that names the setting.
    public static func write(_ path: String, _ value: String) throws(SystemCallError) {
        let full = "/proc/sys/net/\(path)"
        let file = try FileDescriptor(opening: full, O_WRONLY)
        let bytes = Array(value.utf8)
        try systemCall("write", full) { Glibc.write(file.number, bytes, bytes.count) }
    }

    /// Reads a value, without the closing line break.
    ///
    /// - Throws: `SystemCallError` that names the setting; `ENOENT` where the kernel has none of that name.
    public static func read(_ path: String) throws(SystemCallError) -> String {
        let full = "/proc/sys/net/\(path)"
        let file = try FileDescriptor(opening: full, O_RDONLY)
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = try systemCall("read", full) { Glibc.read(file.number, &bytes, bytes.count) }
        return String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}
