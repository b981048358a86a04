import Glibc

/// An open file descriptor, closed when its owner lets go of it.
public struct FileDescriptor: ~Copyable, Sendable {
    /// The number that system calls take. It is valid as long as this value lives.
    public let number: CInt

    /// Takes over a descriptor; this value closes it.
    public init(owning number: CInt) { self.number = number }

    /// Opens a path with open(2); `O_CLOEXEC` is added.
    ///
    /// - Parameter mode: the permissions of the file with `O_CREAT`, whatever the process's umask(2) is.
    /// - Throws: `SystemCallError` that names the path.
    public init(opening path: String, _ flags: CInt, mode: mode_t = 0) throws(SystemCallError) {
        let opened = try systemCall("open", path) { open(path, flags | O_CLOEXEC, mode) }
        if flags & O_CREAT != 0, mode != 0, fchmod(opened, mode) != 0 {
            let error = SystemCallError("fchmod", path)
            close(opened)
            throw error
        }
        number = opened
    }

    /// Opens a path below an open folder with openat(2); `O_CLOEXEC` is added.
    ///
    /// - Parameter whole: what an error names.
    public init(
        opening path: String, in folder: borrowing FileDescriptor, _ flags: CInt, path whole: String
    ) throws(SystemCallError) {
        number = try systemCall("open", whole) { openat(folder.number, path, flags | O_CLOEXEC) }
    }

    /// Opens a file below a folder for reading, one name after the other, and follows no link on the way: what takes the place
    /// of a file or folder meanwhile leads nowhere else.
    ///
    /// - Parameters:
    ///   - path: names with `/` between them, none of them `..`.
    ///   - folder: the folder, which may be a link.
    /// - Throws: `SystemCallError` that names the file; `ELOOP` or `ENOTDIR` where a link is in the way.
    public init(reading path: String, beneath folder: String) throws(SystemCallError) {
        let whole = "\(folder)/\(path)"
        var directory = try FileDescriptor(opening: folder, O_RDONLY | O_DIRECTORY)
        let names = path.split(separator: "/").map(String.init)
        for name in names.dropLast() {
            directory = try FileDescriptor(
                opening: name, in: directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, path: whole)
        }
        self = try FileDescriptor(
            opening: names.last ?? ".", in: directory, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, path: whole)
    }

    deinit { close(number) }

    /// Gives the descriptor to the caller, who closes it.
    public consuming func release() -> CInt {
        let number = number
        discard self
        return number
    }
}

extension FileDescriptor {
    /// Writes all bytes.
    ///
    /// - Parameter path: what an error names.
    public func write(_ bytes: [UInt8], _ path: String) throws(SystemCallError) {
        var done = 0
        while done < bytes.count {
            done += try systemCall("write", path) {
                bytes.withUnsafeBytes { Glibc.write(number, $0.baseAddress! + done, bytes.count - done) }
            }
        }
    }

    /// Reads to the end.
    ///
    /// - Parameters:
    ///   - path: what an error names.
    ///   - limit: the most that is read, in bytes.
    /// - Throws: `SystemCallError`; `EFBIG` past the limit.
    public func readAll(_ path: String, limit: Int) throws(SystemCallError) -> [UInt8] {
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = try systemCall("read", path) { Glibc.read(number, &buffer, buffer.count) }
            if count == 0 { return content }
            content += buffer[..<count]
            if content.count > limit { throw SystemCallError("read", path, errno: EFBIG) }
        }
    }

    /// Reads once: all of a file that the kernel makes when it is read, such as those below `/proc`, if it is no longer than a
    /// page.
    public func read(_ path: String, atMost count: Int) throws(SystemCallError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let read = try systemCall("read", path) { Glibc.read(number, &bytes, bytes.count) }
        return Array(bytes[..<read])
    }

    /// Where a symbolic link leads; nil if there is no such link.
    public static func linkTarget(_ path: String) -> String? {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink(path, &target, target.count)
        return length > 0 ? String(decoding: target[..<length].lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }
}
