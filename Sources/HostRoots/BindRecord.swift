import Glibc
import System

/// What became of a bind in a host's root, as the store keeps it.
struct BindRecord: Hashable, Sendable {
    var bind: RootContent.Bind
    /// The name of its own directory in the store, where what is written to it is kept.
    var number: Int
    /// What it showed when it was made, to tell whether it would show something else by now.
    var source = ""
    /// The number of its mount; nil if it was left out.
    var mount: UInt64?

    init(_ bind: RootContent.Bind, number: Int) {
        self.bind = bind
        self.number = number
    }

    /// Whether it shows what it should.
    var isCurrent: Bool { BoundFiles.state(bind) == source }
}

extension BindRecord {
    /// No path of a bind has such a byte (`Bind.fault`).
    private static let separator: Character = "\u{1}"

    private init?(_ line: Substring) {
        let words = line.split(separator: Self.separator, omittingEmptySubsequences: false).map(String.init)
        guard words.count == 7, let number = Int(words[4]) else { return nil }
        bind = RootContent.Bind(
            directory: words[0], path: words[1], target: words[2], isReadOnly: words[3] == "ro")
        self.number = number
        source = words[5]
        mount = UInt64(words[6])
    }

    private var line: String {
        [
            bind.directory, bind.path, bind.target, bind.isReadOnly ? "ro" : "rw", "\(number)", source,
            mount.map { "\($0)" } ?? "",
        ].joined(separator: String(Self.separator))
    }

    /// The records of a host's root, in the order of their making.
    static func read(_ directory: String) throws(SystemCallError) -> [BindRecord] {
        let path = "\(directory)/bound"
        do throws(SystemCallError) {
            let text = String(
                decoding: try FileDescriptor(opening: path, O_RDONLY).readAll(path, limit: 4 << 20), as: UTF8.self)
            return text.split(separator: "\n").compactMap(BindRecord.init)
        } catch {
            if error.isNoSuchFile { return [] }
            throw error
        }
    }

    static func write(_ records: [BindRecord], _ directory: String) throws(SystemCallError) {
        let text = records.map { $0.line + "\n" }.joined()
        try FileDescriptor.replace("\(directory)/bound", with: Array(text.utf8), mode: 0o600)
    }
}

extension FileDescriptor {
    /// The number of the mount that the file is in (proc_pid_fdinfo(5)).
    ///
    /// - Parameter path: what an error names.
    func mount(_ path: String) throws(SystemCallError) -> UInt64 {
        let information = "/proc/thread-self/fdinfo/\(number)"
        let bytes = try FileDescriptor(opening: information, O_RDONLY).read(information, atMost: 4096)
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.hasPrefix("mnt_id:") {
            if let mount = UInt64(line.dropFirst(7).drop { $0 == "\t" || $0 == " " }) { return mount }
        }
        throw SystemCallError("read", path, errno: ENODATA)
    }
}
