import CLinux
import FoundationEssentials
import Glibc
import HostRoots
import PodServer
import System
import Topology

/// Where a running lab's state is kept: `/run/nslab/LAB/`, gone with the lab and with a restart of the machine.
public struct StateDirectory: Hashable, Sendable {
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
    /// What the lab was given where its topology leaves the choice, written before the objects that it names.
    var allocations: String { "\(path)/allocations.json" }
    /// What the lab takes of the kernel's neighbour tables.
    var neighbours: String { "\(path)/neighbours" }
    /// What the commands of the lab's hosts made.
    var commands: String { "\(path)/commands.json" }
    /// The pods that were told not to answer.
    public var stoppedPods: String { "\(path)/stopped-pods.json" }
    /// Folders of files that stand in for those in `/etc`, one for each different content. Links in `/etc/netns` lead there,
    /// outlive the machine's next start, and are seen by those who share `/etc` and have another `/run`: so the path says
    /// which start and which `/run` it is of.
    var etc: String { "\(path)/\(Self.etcName)-\(Self.boot)-\(Ownership.run)" }

    private static let etcName = "etc"

    /// What tells this start of the machine from others (random(4)).
    private static let boot: Substring = {
        let file = "/proc/sys/kernel/random/boot_id"
        let id = try? FileDescriptor(opening: file, O_RDONLY).readAll(file, limit: 64)
        return String(decoding: id ?? Array("none".utf8), as: UTF8.self).prefix(8)
    }()

    /// The lab whose files a path leads to; nil if it leads elsewhere, or into the state of a lab of another `/run`.
    static func owner(ofFiles path: String) -> String? {
        guard path.hasPrefix(root + "/") else { return nil }
        let parts = path.dropFirst(root.count + 1).split(separator: "/").map(String.init)
        guard parts.count == 3, Topology.isName(parts[0]) else { return nil }
        let words = parts[1].split(separator: "-")
        // Up to version 2 of the state the path did not say. What is of an earlier start is nobody's any more.
        let isOwn = words == [Substring(etcName)] || words.count == 3 && (words[1] != boot || words[2] == Ownership.run)
        return isOwn ? parts[0] : nil
    }

    /// The roots of the lab's hosts.
    var roots: RootStore { RootStore(path: "\(path)/roots", mark: Ownership.alias(lab: lab)) }

    /// The lab's background process.
    package var responders: PodServerProcess { PodServerProcess(lab: lab, folder: path) }

    /// The processes that serve the lab's API.
    public var api: ClusterAPIProcess { ClusterAPIProcess(lab: lab, folder: path) }

    /// The names of the labs that have a folder, sorted.
    public static func labs() -> [String] {
        Directory.names(root).filter { Topology.isName($0) }
    }

    /// Writes a file as a whole.
    static func write(_ bytes: [UInt8], to path: String) throws(SystemCallError) {
        try FileDescriptor.replace(path, with: bytes, mode: 0o644)
    }

    /// Writes a value as JSON, as a whole.
    static func write(json value: some Encodable, to path: String) throws { try write(json(value), to: path) }

    /// A value as JSON, as it is written.
    static func json(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
    }

    /// Reads a whole file that nslab wrote.
    ///
    /// - Returns: nil if there is none.
    /// - Throws: `EngineError.untrusted` for anything but a file of root's or the user's own; `.refused`, also past 64 MiB.
    static func read(_ path: String) throws(EngineError) -> [UInt8]? {
        do {
            let file = try FileDescriptor(opening: path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
            if let reason = FileOwnership.fault(of: file.number, isFolder: false) {
                throw EngineError.untrusted(path: path, reason: reason)
            }
            return try file.readAll(path, limit: 64 << 20)
        } catch let error as EngineError {
            throw error
        } catch let error as SystemCallError {
            if error.isNoSuchFile { return nil }
            if error.errno == ELOOP { throw .untrusted(path: path, reason: "it is a symbolic link") }
            if error.errno == ENOTDIR { throw .untrusted(path: path, reason: "it is not in a folder") }
            if error.errno == ENXIO { throw .untrusted(path: path, reason: "it is a socket or pipe") }
            throw EngineError(error)
        } catch {
            throw .refused(object: path, reason: "\(error)", advice: nil)
        }
    }

    /// Does something for which the topology in the state is read, changed and brought up, while nobody else does. A bring-up
    /// takes the lab's own lock meanwhile, as always.
    package func editing<Value>(_ body: () throws -> Value) throws -> Value {
        let path = "\(path)/editing"
        let file = try FileDescriptor(opening: path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
        while flock(file.number, LOCK_EX) != 0 {
            if errno != EINTR { throw SystemCallError("flock", path) }
        }
        return try withExtendedLifetime(file, body)
    }

    /// Removes all that nslab puts into the folder, and the folder.
    ///
    /// - Parameter keepingFolder: leaves the folder itself, on which the caller's lock is.
    func remove(keepingFolder: Bool = false) throws(SystemCallError) {
        // First: without a journal there is no lab. One that ends here must not leave a journal whose other files are gone.
        unlink(journal)
        try roots.remove()
        for name in try Directory.list(path) where name.hasPrefix(Self.etcName) {
            try empty("\(path)/\(name)") { folder throws(SystemCallError) in try empty(folder) { unlink($0) } }
        }
        for file in try Directory.list(path) { unlink("\(path)/\(file)") }
        if !keepingFolder, rmdir(path) != 0, errno != ENOENT { throw SystemCallError("rmdir", path) }
    }

    /// Removes a folder after what is in it. What has its name and is no folder, such as a link to one, is not entered.
    private func empty(
        _ folder: String, _ body: (String) throws(SystemCallError) -> Void
    ) throws(SystemCallError) {
        guard FileOwnership.fault(at: folder, isFolder: true) == nil else {
            unlink(folder)
            return
        }
        for name in try Directory.list(folder) { try body("\(folder)/\(name)") }
        rmdir(folder)
    }
}
