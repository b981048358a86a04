import CLinux
import Glibc
import NetworkNamespaces

/// The right to change what a folder stands for: a lock (flock(2)) on the folder itself, so that no lock file is left
/// behind, and the kernel lets go of it however the process ends.
struct FolderLock: ~Copyable {
    private let folder: FileDescriptor

    /// The right to change one lab.
    ///
    /// - Parameters:
    ///   - creating: whether to make the lab's folder if it is missing.
    ///   - waiting: called once if another command holds the lock.
    /// - Throws: `EngineError.noSuchLab` if there is no such folder and none is to be made.
    init(lab state: StateFolder, creating: Bool, waiting: () -> Void) throws(EngineError) {
        do throws(SystemCallError) {
            try self.init(
                path: state.path, folders: creating ? [StateFolder.root, state.path] : [], waiting: waiting)
        } catch {
            if error.isNoSuchFile { throw .noSuchLab(state.lab) }
            throw EngineError(error)
        }
    }

    /// The right to change what all labs share; held for moments only.
    init(shared: Void) throws(SystemCallError) {
        try self.init(path: StateFolder.root, folders: [StateFolder.root], waiting: {})
    }

    /// - Parameter folders: the folders to make first, where they are missing.
    private init(path: String, folders: [String], waiting: () -> Void) throws(SystemCallError) {
        var waited = false
        while true {
            for folder in folders where mkdir(folder, 0o755) != 0 {
                // ENOENT: another command removed the one above between the two.
                if errno != EEXIST && errno != ENOENT { throw SystemCallError("mkdir", folder) }
            }
            guard let folder = try FolderLock.open(path, mayBeMissing: !folders.isEmpty) else { continue }
            if flock(folder.number, LOCK_EX | LOCK_NB) != 0 {
                guard errno == EWOULDBLOCK else { throw SystemCallError("flock", path) }
                if !waited { waiting() }
                waited = true
                while flock(folder.number, LOCK_EX) != 0 {
                    if errno != EINTR { throw SystemCallError("flock", path) }
                }
            }
            // The one that held the lock may have removed the folder: then the lock is on nothing.
            var locked = stat()
            var named = stat()
            if fstat(folder.number, &locked) == 0, lstat(path, &named) == 0, locked.st_ino == named.st_ino,
                locked.st_dev == named.st_dev
            {
                self.folder = folder
                return
            }
        }
    }

    private static func open(_ path: String, mayBeMissing: Bool) throws(SystemCallError) -> FileDescriptor? {
        do {
            return try FileDescriptor(opening: path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        } catch {
            if mayBeMissing, error.isNoSuchFile { return nil }
            throw error
        }
    }
}
