/// The files below a folder: their paths, and a way to their bytes.
public struct FolderFiles: Sendable {
    /// The paths below the folder, in order.
    public let paths: [String]
    /// The folder as the user named it.
    public let name: String
    /// Files from elsewhere that the user named besides, by the paths that they named.
    public let added: [String]
    /// The containerlab topology that is the lab's, by its path; nil where the reader is to find it.
    public var topology: String?
    /// The folder's own place in the file system, and those of the files from elsewhere, by the paths that were named.
    private let root: String?
    private let places: [String: String]
    /// The directories elsewhere whose files nodes may see, as absolute paths without links.
    private let bindable: [String]
    private let read: @Sendable (String) throws -> [UInt8]

    /// The files of a folder.
    ///
    /// - Parameters:
    ///   - name: the folder as the user named it.
    ///   - paths: the files below it, with `/` between folders.
    ///   - added: files that are to be read besides, wherever they are.
    ///   - root: the folder's absolute path without links.
    ///   - places: the absolute paths without links of `added`, by the paths that were named.
    ///   - bindable: the absolute paths without links of directories elsewhere whose files nodes may see.
    ///   - read: gives the bytes of one of these; what it throws is shown to the user.
    public init(
        name: String, paths: [String], added: [String] = [], root: String? = nil, places: [String: String] = [:],
        bindable: [String] = [],
        read: @escaping @Sendable (String) throws -> [UInt8]
    ) {
        self.name = name
        self.paths = paths.sorted()
        self.added = added
        self.root = root
        self.places = places
        self.bindable = bindable
        self.read = read
    }

    /// Files that are in memory.
    public init(name: String, _ contents: [String: [UInt8]]) {
        self.init(name: name, paths: Array(contents.keys)) { contents[$0] ?? [] }
    }

    /// All paths: the folder's, then those that were added.
    public var all: [String] { paths + added }

    /// The bytes of a file.
    func bytes(_ path: String) throws -> [UInt8] { try read(path) }

    /// The file that a path in another file leads to: relative to that file's folder.
    ///
    /// - Returns: nil for a path that leads out of the folder, but for a file that was added.
    func resolve(_ path: String, from file: String) -> String? {
        if added.contains(path) { return path }
        if let inside = Self.join(file.split(separator: "/").dropLast(), path), !path.hasPrefix("/") { return inside }
        // Somewhere else: only where the user named the very file.
        guard let root,
            let absolute = path.hasPrefix("/")
                ? path
                : Self.join(
                    root.split(separator: "/") + file.split(separator: "/").dropLast(), path
                ).map({ "/" + $0 })
        else { return nil }
        return added.first { places[$0] == absolute }
    }

    /// What a node may see of the machine's files: something of the folder's, or of a directory that the user allowed.
    struct BindSource {
        /// The directory that the path begins at; nil for the folder of files in memory.
        var directory: String?
        /// The path below it.
        var path: String
        /// Whether it is outside of the folder.
        var isOutside: Bool
    }

    /// What the path of a bind leads to, from a file of the folder.
    ///
    /// - Returns: nil for what the node may not see.
    func source(ofBind path: String, from file: String) -> BindSource? {
        let folder = file.split(separator: "/").dropLast()
        if !path.hasPrefix("/"), let inside = Self.join(folder, path) {
            return BindSource(directory: root, path: inside, isOutside: false)
        }
        let start = path.hasPrefix("/") ? [] : (root?.split(separator: "/") ?? []) + folder
        guard let absolute = Self.join(start, path) else { return nil }
        func below(_ directory: String) -> String? {
            if "/\(absolute)" == directory { return "" }
            return "/\(absolute)".hasPrefix(directory + "/")
                ? String("/\(absolute)".dropFirst(directory.count + 1)) : nil
        }
        if let root, let inside = below(root) { return BindSource(directory: root, path: inside, isOutside: false) }
        for directory in bindable {
            if let inside = below(directory) { return BindSource(directory: directory, path: inside, isOutside: true) }
        }
        return nil
    }

    /// Whether there is such a file below the folder, or a directory with one.
    func exists(_ path: String) -> Bool {
        path.isEmpty || paths.contains(path) || paths.contains { $0.hasPrefix(path + "/") }
    }

    /// A path from a folder on; nil where it leads out at the top.
    private static func join(_ folder: some Sequence<Substring>, _ path: String) -> String? {
        var parts = folder.map(String.init)
        for part in path.split(separator: "/") {
            switch part {
            case ".": break
            case "..":
                guard parts.popLast() != nil else { return nil }
            default: parts.append(String(part))
            }
        }
        return parts.joined(separator: "/")
    }

    /// Whether there is such a file.
    func contains(_ path: String) -> Bool { paths.contains(path) || added.contains(path) }
}
