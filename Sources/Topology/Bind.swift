/// A file or directory of the machine's that a router, node or host sees at a place of its choice.
public struct Bind: Hashable, Sendable {
    /// The directory that its path begins at and must not lead out of, absolute; nil for that of the topology's own file.
    public var directory: String?
    /// Its path below that directory; empty for the directory itself.
    public var path: String
    /// Where it is seen, absolute.
    public var target: String
    /// Whether it may not be written to. What is written to one that may stays the lab's: the machine's file is as before.
    public var isReadOnly: Bool

    public init(directory: String? = nil, path: String, target: String, isReadOnly: Bool = false) {
        self.directory = directory
        self.path = path
        self.target = target
        self.isReadOnly = isReadOnly
    }

    /// Why there can be no such bind; nil if there can.
    public var fault: String? {
        if !isPlain(path) || path.hasPrefix("/") {
            return "\"\(path)\" is not a path below the directory: names with / between them, none of them .."
        }
        if let directory, !directory.hasPrefix("/") || !isPlain(directory) {
            return "\"\(directory)\" is not an absolute path of a directory"
        }
        let target = target.split(separator: "/")
        if !self.target.hasPrefix("/") || !isPlain(self.target) || target.isEmpty {
            return "\"\(self.target)\" is not an absolute path, such as /etc/frr/frr.conf"
        }
        if ["dev", "proc", "sys"].contains(target[0]) {
            return "nothing can be put below /\(target[0]), which shows the kernel's own"
        }
        return nil
    }

    /// Whether a path stays where it begins, and can be printed on one line.
    private func isPlain(_ path: String) -> Bool {
        path.utf8.count < 4096 && path.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
            && !path.split(separator: "/").contains("..")
    }

    /// The most of one router, node or host.
    public static let maximumCount = 100
}

/// The directories whose files a topology's file may have hosts see.
public struct BindDirectories: Hashable, Sendable {
    /// The file's own, absolute and without links.
    public var own: String
    /// Others that the user allows, with all that is below them.
    public var allowed: [String]

    public init(own: String, allowed: [String] = []) {
        self.own = own
        self.allowed = allowed
    }

    /// Whether a directory's files may be seen.
    func contains(_ directory: String) -> Bool {
        ([own] + allowed).contains { directory == $0 || directory.hasPrefix($0 == "/" ? $0 : $0 + "/") }
    }
}
