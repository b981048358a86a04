import CLinux
import Glibc

extension FileDescriptor {
    /// Writes a file as a whole, in the place of one that is there: a reader sees the old content or the new one, at whatever
    /// instruction this process is killed.
    ///
    /// It is not waited for until the medium has it: what nslab keeps describes what the kernel holds, and a machine that stops loses both.
    ///
    /// - Parameter mode: its permissions, whatever the process's umask(2) is.
    /// - Returns: the file, at its beginning.
    /// - Throws: `SystemCallError`; the old content is there then.
    @discardableResult
    public static func replace(
        _ path: String, with bytes: [UInt8], mode: mode_t
    ) throws(SystemCallError) -> FileDescriptor {
        let temporary = "\(path).new"
        // Whatever has the name, a pipe or a link, is not written through.
        unlink(temporary)
        let file = try FileDescriptor(opening: temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode)
        do throws(SystemCallError) {
            try file.write(bytes, temporary)
            try systemCall("rename", path) { rename(temporary, path) }
        } catch {
            unlink(temporary)
            throw error
        }
        lseek(file.number, 0, SEEK_SET)
        return file
    }
}
