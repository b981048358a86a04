import CLinux
import Glibc
import System

/// The files in a root's `/etc` that are the host's own.
///
/// They are written into the root, where the host may change them; what was written last is kept in the store beside it. Where
/// the root is read-only, the kept ones are mounted in their place.
struct EtcOverrides: ~Copyable {
    /// The kept files' directory.
    private let kept: FileDescriptor
    /// The host's directory in the store.
    private let host: FileDescriptor

    private init(kept: consuming FileDescriptor, host: consuming FileDescriptor) {
        self.kept = kept
        self.host = host
    }

    /// Those of the host with this directory in the store.
    static func open(_ directory: String) throws(SystemCallError) -> EtcOverrides {
        let host = try FileDescriptor(opening: directory, O_RDONLY | O_DIRECTORY)
        return EtcOverrides(
            kept: try FileDescriptor(opening: "\(directory)/etc", O_RDONLY | O_DIRECTORY), host: host)
    }

    // The store is not seen from inside a root; its descriptors still lead there.
    private func path(_ name: String) -> String { "\(kept.ownPath)/\(name)" }
    private var notePath: String { "\(host.ownPath)/read-only" }

    // MARK: Read-only roots

    /// Notes that the root is read-only, and why.
    func noteReadOnlyRoot(_ reason: String) throws(SystemCallError) {
        try FileDescriptor(opening: notePath, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644).write(
            Array(reason.utf8), "read-only")
    }

    /// Why the root is read-only; nil if it is not.
    var readOnlyReason: String? {
        guard let note = try? FileDescriptor(opening: notePath, O_RDONLY),
            let bytes = try? note.readAll("read-only", limit: 4096)
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Has the files mounted in a root that is read-only, where it has files of these names.
    func prepare(_ files: [String: [UInt8]], _ mounts: PendingMounts) throws(SystemCallError) {
        guard readOnlyReason != nil else { return }
        for (name, bytes) in files.sorted(by: { $0.key < $1.key }) {
            try keep(name, bytes)
            mounts.add(try DetachedMount(of: name, below: kept.number), at: "/etc/\(name)", .optional)
        }
    }

    // MARK: Content

    /// In a root: writes the files that were not written with this content last.
    ///
    /// What the host itself wrote meanwhile stays, unless what it should be has changed.
    func install(_ files: [String: [UInt8]]) throws(SystemCallError) {
        let changed = files.filter { keptContent($0.key) != $0.value }
        if changed.isEmpty { return }
        // Two commands that begin at one time write one after the other.
        try systemCall("flock", "/etc") { flock(kept.number, LOCK_EX) }
        defer { flock(kept.number, LOCK_UN) }
        let isWritable = readOnlyReason == nil
        // What the host's programs made of it must not lead out of the root.
        let etc = try FileDescriptor(holding: "/etc", O_DIRECTORY)
        for (name, bytes) in changed.sorted(by: { $0.key < $1.key }) {
            if isWritable { try FileDescriptor.replace("\(etc.ownPath)/\(name)", with: bytes, mode: 0o644) }
            try keep(name, bytes)
        }
    }

    /// In place, so that a mount of it shows the new content.
    private func keep(_ name: String, _ bytes: [UInt8]) throws(SystemCallError) {
        try FileDescriptor(opening: path(name), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode: 0o644).write(
            bytes, name)
    }

    private func keptContent(_ name: String) -> [UInt8]? {
        guard let file = try? FileDescriptor(opening: path(name), O_RDONLY | O_NOFOLLOW) else { return nil }
        return try? file.readAll(name, limit: 1 << 20)
    }
}
