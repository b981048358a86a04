import CLinux
import Glibc
import NetworkNamespaces
import Topology

/// Where a running lab's state is kept: `/run/nslab/LAB/`, gone with the lab and with a restart of the machine.
public struct StateFolder: Hashable, Sendable {
    /// The folder of all labs.
    public static let root = "/run/nslab"

    /// The lab's name.
    public let lab: String

    /// The state of the lab with this name, which must be known to be a DNS label.
    public init(lab: String) { self.lab = lab }

    /// The state of the lab with a name that somebody typed: it becomes a path, and what is there may be removed.
    ///
    /// - Throws: `EngineError.notALabName`.
    init(typed lab: String) throws(EngineError) {
        guard Topology.isName(lab) else { throw .notALabName(lab) }
        self.init(lab: lab)
    }

    /// The lab's own folder.
    public var path: String { "\(Self.root)/\(lab)" }
    /// What the lab consists of, written before the first kernel object.
    var journal: String { "\(path)/journal.json" }
    /// The topology as it was asked for, in nslab's own format.
    var topology: String { "\(path)/topology.yaml" }
    /// The pods that were told not to answer.
    public var stoppedPods: String { "\(path)/stopped-pods.json" }
    /// Folders of files that stand in for those in `/etc`, one for each different content.
    var etc: String { "\(path)/etc" }

    /// The names of the labs that have a folder, sorted.
    public static func labs() -> [String] {
        Folder.names(root).filter { Topology.isName($0) }
    }

    /// Writes a file as a whole: a reader sees the old content or the new one, and the new one is on its medium.
    static func write(_ bytes: [UInt8], to path: String) throws(SystemCallError) {
        let temporary = "\(path).new"
        do {
            let file = try FileDescriptor(
                opening: temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode: 0o644)
            try file.write(bytes, temporary)
            if fsync(file.number) != 0 { throw SystemCallError("fsync", temporary) }
        }
        if rename(temporary, path) != 0 { throw SystemCallError("rename", path) }
    }

    /// Reads a whole file; links are not followed.
    ///
    /// - Throws: `SystemCallError`; `EFBIG` past 64 MiB.
    static func read(_ path: String) throws(SystemCallError) -> [UInt8] {
        let file = try FileDescriptor(opening: path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        return try file.readAll(path, limit: 64 << 20)
    }

    /// Removes all that nslab puts into the folder, and the folder.
    ///
    /// - Parameter keepingFolder: leaves the folder itself, on which the caller's lock is.
    func remove(keepingFolder: Bool = false) throws(SystemCallError) {
        for folder in Folder.names(etc) {
            for file in Folder.names("\(etc)/\(folder)") { unlink("\(etc)/\(folder)/\(file)") }
            rmdir("\(etc)/\(folder)")
        }
        rmdir(etc)
        for file in Folder.names(path) { unlink("\(path)/\(file)") }
        if !keepingFolder, rmdir(path) != 0, errno != ENOENT { throw SystemCallError("rmdir", path) }
    }
}
