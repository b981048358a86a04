import Glibc

/// Which working directories a command keeps as the machine's own and may write to.
enum WorkingDirectory {
    /// The path of the process's own; nil if it cannot be told, as of one that was removed.
    static var path: String? {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard getcwd(&path, path.count) != nil, path[0] == CChar(bitPattern: UInt8(ascii: "/")) else { return nil }
        return String(decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether a directory belongs to the system, so that what a command writes there by accident would change the machine.
    ///
    /// - Parameter path: absolute and without links, as getcwd(3) gives it.
    static func isSystem(_ path: String) -> Bool {
        let names = path.split(separator: "/")
        switch names.first {
        case nil: return true
        case "bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "run", "sbin", "snap", "sys",
            "usr":
            return true
        case "home", "media", "mnt", "opt", "srv": return names.count == 1
        // A service's state is often one level below, and what people build there further down.
        case "var":
            return names.count <= 2 && names.last != "tmp" || names.starts(with: ["var", "lib"]) && names.count == 3
        default: return false
        }
    }
}
