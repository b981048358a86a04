import CLinux
import Glibc
import NetworkNamespaces

/// `/run/netns` for all labs: whether its mount is nslab's own doing, so that the last lab to go takes it along.
enum NetnsMountPoint {
    /// There while the mount is one that nslab made.
    private static let note = "\(StateDirectory.root)/.netns-mount"

    /// Makes the folder ready for a lab's pins. The lab's state folder is there already, so that nobody takes it away.
    static func prepare() throws {
        try LabLock.holdingRoot {
            guard try !NamedNamespaces.directoryIsReady() else { return }
            try StateDirectory.write([], to: note)
            if try !NamedNamespaces.prepareDirectory() { unlink(note) }
        }
    }

    /// Removes what `prepare` made, and nslab's own folder, if no lab uses them any more.
    static func release() throws {
        try LabLock.holdingRoot {
            guard StateDirectory.labs().isEmpty else { return }
            if access(note, F_OK) == 0, try NamedNamespaces.releaseDirectory() { unlink(note) }
            EtcFiles.forgetFolder()
            rmdir(StateDirectory.root)
        }
    }
}
