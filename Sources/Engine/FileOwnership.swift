import CLinux
import Glibc

/// Whether what is found under `/run/nslab` can be nslab's own.
enum FileOwnership {
    /// Why an open file or folder is not to be believed; nil if it is root's or the user's own and nobody else can write to it.
    static func fault(of descriptor: CInt, isFolder: Bool) -> String? {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return "it cannot be looked at" }
        return fault(of: status, isFolder: isFolder)
    }

    /// The same of a path, whose last part is not followed; nil too if there is nothing.
    static func fault(at path: String, isFolder: Bool) -> String? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        return fault(of: status, isFolder: isFolder)
    }

    private static func fault(of status: stat, isFolder: Bool) -> String? {
        switch status.st_mode & S_IFMT {
        case S_IFDIR where isFolder, S_IFREG where !isFolder: break
        case S_IFLNK: return "it is a symbolic link"
        default: return isFolder ? "it is no folder" : "it is no file"
        }
        if status.st_uid != 0, status.st_uid != geteuid() { return "it belongs to user \(status.st_uid)" }
        if status.st_mode & 0o022 != 0 { return "others may write to it" }
        return nil
    }
}
