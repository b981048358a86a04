import Glibc

/// Making and reading folders.
public enum Directory {
    /// Makes a folder that its owner can use and everybody can read, whatever the process's umask(2); one that is there
    /// and the process's own becomes usable.
    ///
    /// - Returns: whether it was made; false if it was there.
    /// - Throws: `SystemCallError`; its `errno` is `ENOENT` where the folder above is missing.
    public static func make(_ path: String) throws(SystemCallError) -> Bool {
        let isNew = mkdir(path, 0o755) == 0
        var mode: mode_t = 0o755
        if !isNew {
            guard errno == EEXIST else { throw SystemCallError("mkdir", path) }
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(),
                status.st_mode & 0o700 != 0o700
            else { return false }
            mode = status.st_mode & 0o7777 | 0o700
        }
        // ENOENT: another command removed it between the two.
        if chmod(path, mode) != 0, errno != ENOENT { throw SystemCallError("chmod", path) }
        return isNew
    }

    /// Makes a directory that is not there yet.
    ///
    /// - Parameter mode: its permissions, whatever the process's umask(2) is.
    /// - Throws: `SystemCallError`; with `EEXIST` if the name is taken.
    public static func make(_ path: String, mode: mode_t) throws(SystemCallError) {
        try systemCall("mkdir", path) { mkdir(path, mode) }
        try systemCall("chmod", path) { chmod(path, mode) }
    }

    /// The names in an open folder, without `.` and `..`, in no order.
    static func names(in directory: OpaquePointer) -> [String] {
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// The names in a folder, sorted; empty if there is none or it cannot be read.
    public static func names(_ path: String) -> [String] { (try? list(path)) ?? [] }

    /// The names in a folder, sorted; empty if there is none.
    ///
    /// - Throws: `SystemCallError` if there is one that cannot be read: for callers that must not take it for an empty one.
    public static func list(_ path: String) throws(SystemCallError) -> [String] {
        guard let directory = opendir(path) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw SystemCallError("opendir", path)
        }
        defer { closedir(directory) }
        return names(in: directory).sorted()
    }
}
