import Glibc
import LabFolders
import System

extension FolderFiles {
    /// The most files and folders that are looked at.
    private static let limit = 20_000
    /// The most folders that stand inside of each other.
    private static let maximumDepth = 16

    /// The files below a folder of the file system.
    ///
    /// Only regular files count. A symbolic link counts where it leads to one inside of the folder; no link to a folder is
    /// followed.
    ///
    /// - Parameters:
    ///   - folder: the folder.
    ///   - added: files to be read besides.
    ///   - excluded: paths below the folder, or patterns of such paths or names (fnmatch(3)), that do not count.
    ///   - bindable: directories elsewhere whose files nodes may see, as absolute paths without links.
    init(
        folder: String, adding added: [String] = [], excluding excluded: [String] = [], allowing bindable: [String] = []
    ) throws(NSLabError) {
        var paths: [String] = []
        // Where links lead, below the root.
        var targets: [String: String] = [:]
        var count = 0
        let root = Self.realPath(folder) ?? folder
        var open: [(path: String, depth: Int)] = [("", 0)]
        while let (below, depth) = open.popLast() {
            for name in Directory.names(below.isEmpty ? folder : "\(folder)/\(below)") {
                count += 1
                guard count <= Self.limit else {
                    throw NSLabError("\(folder) has more than \(Self.limit) files; a lab folder has a few", .badInput)
                }
                let path = below.isEmpty ? name : "\(below)/\(name)"
                if Self.isExcluded(path, excluded) || !Self.isPlain(path) { continue }
                switch Self.kind("\(folder)/\(path)", inside: root) {
                case .folder where depth < Self.maximumDepth && name != ".git": open.append((path, depth + 1))
                case .file: paths.append(path)
                case .link(let target):
                    paths.append(path)
                    targets[path] = target
                case .folder, .other: break
                }
            }
        }
        for file in added where access(file, R_OK) != 0 {
            throw NSLabError("\(SystemCallError("open", file))", .badInput)
        }
        let places = Dictionary(
            added.map { ($0, Self.realPath($0) ?? $0) }, uniquingKeysWith: { first, _ in first })
        // A file that is there anyway is not read twice.
        let known = Set(paths.map { "\(root)/\($0)" })
        let added = places.keys.filter { !known.contains(places[$0] ?? "") }.sorted()
        let links = targets
        self.init(name: folder, paths: paths, added: added, root: root, places: places, bindable: bindable) { path in
            if added.contains(path) {
                let descriptor = try FileDescriptor(opening: path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
                return try descriptor.readAll(path, limit: Self.maximumBytes)
            }
            // The folder may be someone else's, and change while it is read.
            let descriptor = try FileDescriptor(reading: links[path] ?? path, beneath: root)
            return try descriptor.readAll("\(folder)/\(path)", limit: Self.maximumBytes)
        }
    }

    /// More than the reader takes, so that it says so.
    private static let maximumBytes = 17 << 20

    private enum Kind {
        case file
        /// A link to a file inside of the folder, with that file's path below the folder.
        case link(String)
        case folder, other
    }

    private static func kind(_ path: String, inside root: String) -> Kind {
        var status = stat()
        guard lstat(path, &status) == 0 else { return .other }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .folder
        case S_IFLNK:
            guard let target = realPath(path), target.hasPrefix(root + "/"), stat(target, &status) == 0,
                status.st_mode & S_IFMT == S_IFREG
            else { return .other }
            return .link(String(target.dropFirst(root.count + 1)))
        default: return .other
        }
    }

    static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Whether a path can be printed on one line.
    private static func isPlain(_ path: String) -> Bool { path.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f } }

    private static func isExcluded(_ path: String, _ patterns: [String]) -> Bool {
        patterns.contains { pattern in
            let pattern = pattern.hasPrefix("./") ? String(pattern.dropFirst(2)) : pattern
            let bare = pattern.hasSuffix("/") ? String(pattern.dropLast()) : pattern
            let name = path.split(separator: "/").last.map(String.init) ?? path
            return path == bare || path.hasPrefix(bare + "/") || fnmatch(bare, path, 0) == 0
                || fnmatch(bare, name, 0) == 0
        }
    }
}
