import CLinux
import Glibc
import NetworkNamespaces

/// The right to change one lab: a lock (flock(2)) on the lab's state folder itself, so that no lock file is left behind.
struct LabLock: ~Copyable {
    private let folder: FileDescriptor

    /// Locks the lab's folder, made if it is missing, and waits for another command that holds it.
    ///
    /// - Parameter waiting: called once if the lock is not free.
    init(_ state: StateFolder, creating: Bool, waiting: () -> Void) throws(EngineError) {
        do throws(SystemCallError) {
            folder = try LabLock.acquire(state.path, creating: creating, waiting: waiting)
        } catch {
            if error.errno == ENOENT { throw .noSuchLab(state.lab) }
            throw EngineError(error)
        }
    }

    private static func acquire(
        _ path: String, creating: Bool, waiting: () -> Void
    ) throws(SystemCallError) -> FileDescriptor {
        var waited = false
        while true {
            if creating {
                for folder in [StateFolder.root, path] where mkdir(folder, 0o755) != 0 {
                    // ENOENT: another command removed the root between the two.
                    if errno != EEXIST && errno != ENOENT { throw SystemCallError("mkdir", folder) }
                }
            }
            let folder: FileDescriptor
            do {
                folder = try FileDescriptor(opening: path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            } catch {
                if creating, error.errno == ENOENT { continue }
                throw error
            }
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
                return folder
            }
        }
    }
}
