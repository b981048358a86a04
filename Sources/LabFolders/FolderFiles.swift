/// The files below a folder: their paths, and a way to their bytes.
public struct FolderFiles: Sendable {
    /// The paths below the folder, in order.
    public let paths: [String]
    /// The folder as the user named it.
    public let name: String
    /// Files from elsewhere that the user named besides, by the paths that they named.
    public let added: [String]
    private let read: @Sendable (String) throws -> [UInt8]

    /// The files of a folder.
    ///
    /// - Parameters:
    ///   - name: the folder as the user named it.
    ///   - paths: the files below it, with `/` between folders.
    ///   - added: files that are to be read besides, wherever they are.
    ///   - read: gives the bytes of one of these; what it throws is told to the user.
    public init(
        name: String, paths: [String], added: [String] = [],
        read: @escaping @Sendable (String) throws -> [UInt8]
    ) {
        self.name = name
        self.paths = paths.sorted()
        self.added = added
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
    /// - Returns: nil for a path that leads out of the folder, but for a file that was added by the same path.
    func resolve(_ path: String, from file: String) -> String? {
        if added.contains(path) { return path }
        guard !path.hasPrefix("/"), !path.hasPrefix("~") else { return nil }
        var parts = file.split(separator: "/").dropLast().map(String.init)
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

/// What was taken from a file, and what was not.
public struct FileAccount: Hashable, Sendable {
    /// The file's path below the folder.
    public var path: String
    /// What was taken, in a few words each.
    public var taken: [String] = []
    /// What was not, and why.
    public var ignored: [String] = []

    /// An account of a file of which nothing is taken yet.
    public init(path: String) { self.path = path }
}
