/// The mounts of a mount namespace, as `/proc/PID/mountinfo` lists them (proc_pid_mountinfo(5)).
public struct MountTable: Hashable, Sendable {
    /// One mount.
    public struct Mount: Hashable, Sendable {
        /// Its number.
        public var id: UInt64
        /// The number of the mount that it is on; its own for the first.
        public var parent: UInt64
        /// Where it is mounted, as seen from the process's root.
        public var path: String
        /// Whether the mount or its file system is read-only.
        public var isReadOnly: Bool
        /// The type of its file system: `ext4`, `tmpfs`.
        public var type: String
        /// What it was made from: a device, or the name that its maker gave it.
        public var source: String
    }

    /// The mounts, in the order of the list, without namespaces that are pinned.
    public var mounts: [Mount]

    /// The mounts that a list names. A line that is not whole is left out, as are mounts outside the process's root.
    public init(_ text: [UInt8]) {
        mounts = text.split(separator: UInt8(ascii: "\n")).compactMap { $0.isOfNamespace ? nil : Mount($0) }
    }

    /// The mount that a path leads into: not those that another one is mounted over or whose mount point is hidden by one.
    ///
    /// - Returns: one for each mount point, sorted by path, so that each comes after the one that it is on.
    public var reachable: [Mount] {
        var children: [Place: Mount] = [:]
        // Of two on one place, the later one is reached.
        for mount in mounts where mount.id != mount.parent { children[Place(mount.parent, mount.path)] = mount }
        let ids = Set(mounts.map(\.id))
        guard var first = mounts.first(where: { $0.path == "/" && ($0.id == $0.parent || !ids.contains($0.parent)) })
        else { return [] }
        first = top(of: first, at: "/", children)
        var found = [first]
        for mount in mounts where mount.path != "/" {
            var reached = first
            for end in mount.path.indices.dropFirst() where mount.path[end] == "/" {
                reached = top(of: reached, at: String(mount.path[..<end]), children)
            }
            reached = top(of: reached, at: mount.path, children)
            if reached.id == mount.id { found.append(mount) }
        }
        return found.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    /// What is reached at a path from one mount: the last of those mounted there on each other.
    private func top(of mount: Mount, at path: String, _ children: [Place: Mount]) -> Mount {
        var reached = mount
        // A list that is read while it changes could lead in a circle.
        for _ in mounts.indices {
            guard let next = children[Place(reached.id, path)] else { break }
            reached = next
        }
        return reached
    }

    /// A path in a mount.
    private struct Place: Hashable {
        var mount: UInt64
        var path: String

        init(_ mount: UInt64, _ path: String) {
            self.mount = mount
            self.path = path
        }
    }
}

extension ArraySlice<UInt8> {
    /// Whether a line is that of a pinned namespace, of which there may be thousands: its type stands behind a dash.
    fileprivate var isOfNamespace: Bool {
        let type = Array(" - nsfs ".utf8)
        return withUnsafeBufferPointer { line in
            guard line.count > type.count else { return false }
            for start in 0..<line.count - type.count where line[start] == type[0] && line[start + 1] == type[1] {
                return type.indices.allSatisfy { line[start + $0] == type[$0] }
            }
            return false
        }
    }
}

extension MountTable.Mount {
    /// The mount of a line; nil for one that is not whole or stands for a pinned namespace, of which there may be thousands.
    fileprivate init?(_ line: ArraySlice<UInt8>) {
        let fields = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard let dash = fields.dropFirst(6).firstIndex(where: { $0.elementsEqual([UInt8(ascii: "-")]) }),
            fields.count > dash + 3, let id = Self.number(fields[0]), let parent = Self.number(fields[1]),
            fields[4].first == UInt8(ascii: "/")
        else { return nil }
        let type = String(decoding: fields[dash + 1], as: UTF8.self)
        guard type != "nsfs" else { return nil }
        self.init(
            id: id, parent: parent, path: Self.unescaped(fields[4]),
            isReadOnly: Self.options(fields[5], include: "ro") || Self.options(fields[dash + 3], include: "ro"),
            type: type, source: Self.unescaped(fields[dash + 2]))
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        UInt64(String(decoding: digits, as: UTF8.self))
    }

    private static func options(_ list: ArraySlice<UInt8>, include name: String) -> Bool {
        list.split(separator: UInt8(ascii: ",")).contains { $0.elementsEqual(name.utf8) }
    }

    /// A path with the bytes for its `\040` and the like (`mangle_path` in the kernel's fs/seq_file.c).
    private static func unescaped(_ text: ArraySlice<UInt8>) -> String {
        guard text.contains(UInt8(ascii: "\\")) else { return String(decoding: text, as: UTF8.self) }
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
