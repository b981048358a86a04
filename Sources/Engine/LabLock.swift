import CLinux
import Glibc
import System

/// The right to change what a folder stands for: a lock (flock(2)) on the folder itself, so that no lock file is left
/// behind, and the kernel lets go of it however the process ends.
struct LabLock: ~Copyable {
    private let folder: FileDescriptor

    /// Does something to a lab that no other command does anything to meanwhile.
    ///
    /// - Parameters:
    ///   - creating: whether to make the lab's folder if it is missing.
    ///   - cancellation: what is done about a request to end, from before a folder is made. While another command is waited for
    ///     it ends the process at once.
    ///   - waiting: called once if another command holds the lock.
    /// - Returns: nil if there is no such folder and none is to be made.
    static func holding<Value>(
        lab state: StateDirectory, creating: Bool, cancellation: Cancellation = .none, waiting: () -> Void,
        _ body: () throws -> Value
    ) throws -> Value? {
        if let reason = FileOwnership.fault(at: StateDirectory.root, isFolder: true) {
            throw EngineError.untrusted(path: StateDirectory.root, reason: reason)
        }
        if let reason = FileOwnership.fault(at: state.path, isFolder: true) {
            throw EngineError.untrusted(path: state.path, reason: reason)
        }
        let lock: LabLock
        do throws(SystemCallError) {
            lock = try LabLock(
                path: state.path, folders: creating ? [StateDirectory.root, state.path] : [], cancellation,
                waiting: waiting)
        } catch {
            if error.isNoSuchFile { return nil }
            throw error
        }
        return try withExtendedLifetime(lock, body)
    }

    /// Does something to what all labs share, for moments only.
    static func holdingRoot(_ body: () throws -> Void) throws {
        let lock = try LabLock(path: StateDirectory.root, folders: [StateDirectory.root], .none, waiting: {})
        try withExtendedLifetime(lock, body)
    }

    /// - Parameter folders: the folders to make first, where they are missing.
    private init(
        path: String, folders: [String], _ cancellation: Cancellation, waiting: () -> Void
    ) throws(SystemCallError) {
        var waited = false
        while true {
            cancellation.hold()
            for folder in folders {
                do {
                    _ = try Directory.make(folder)
                } catch {
                    // ENOENT: another command removed the one above between the two.
                    if error.errno != ENOENT { throw error }
                }
            }
            guard let folder = try LabLock.open(path, mayBeMissing: !folders.isEmpty) else { continue }
            if flock(folder.number, LOCK_EX | LOCK_NB) != 0 {
                guard errno == EWOULDBLOCK else { throw SystemCallError("flock", path) }
                if !waited { waiting() }
                waited = true
                cancellation.release()
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
