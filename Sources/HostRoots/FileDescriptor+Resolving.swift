import CLinux
import Glibc
import System

/// What a path may lead over on the way (openat2(2)). In a host's root paths are what programs of the lab made of them, and below
/// `/proc` there are links that lead out of it.
struct PathResolution: OptionSet {
    let rawValue: UInt64

    /// Only below the directory that it begins at, whatever links there are.
    static let beneath = PathResolution(rawValue: NSLAB_RESOLVE_BENEATH)
    /// Over no link at all.
    static let withoutLinks = PathResolution(rawValue: NSLAB_RESOLVE_NO_SYMLINKS)
}

extension FileDescriptor {
    /// Takes hold of what is at a path, without opening it (`O_PATH`), over none of the links below `/proc` that lead to another
    /// process's files.
    ///
    /// - Parameters:
    ///   - directory: what a path that is not absolute begins at.
    ///   - flags: such as `O_DIRECTORY`.
    init(
        holding path: String, below directory: CInt = AT_FDCWD, _ flags: CInt = 0, _ resolution: PathResolution = []
    ) throws(SystemCallError) {
        self.init(
            owning: try systemCall("openat2", path) {
                nslab_openat2(
                    directory, path, UInt64(NSLAB_O_PATH | O_CLOEXEC | flags),
                    NSLAB_RESOLVE_NO_MAGICLINKS | resolution.rawValue)
            })
    }

    /// A path that leads to the open file, wherever its own path leads meanwhile.
    var ownPath: String { "/proc/thread-self/fd/\(number)" }
}
