import Glibc
import NetworkNamespaces
import System

/// The settings of a namespace that can be written, by their path below `/proc/sys/net`.
struct SettingSnapshot: Sendable {
    private(set) var values: [String: String] = [:]

    /// Reads them. One that goes meanwhile, or that cannot be read, is none.
    ///
    /// - Throws: `SystemCallError` for want of descriptors or memory.
    init(in inside: borrowing InsideNamespace) throws(SystemCallError) {
        var folders = [""]
        while let folder = folders.popLast() {
            for name in Directory.names("/proc/sys/net/\(folder)") {
                let path = folder + name
                var status = stat()
                guard lstat("/proc/sys/net/\(path)", &status) == 0 else { continue }
                if status.st_mode & S_IFMT == S_IFDIR {
                    folders.append(path + "/")
                } else if status.st_mode & (S_IRUSR | S_IWUSR) == S_IRUSR | S_IWUSR, !Self.follows(path) {
                    do throws(SystemCallError) {
                        values[path] = try inside.sysctl(path)
                    } catch {
                        if error.isShortage { throw error }
                    }
                }
            }
        }
    }

    /// Whether a setting only follows something else: a link's MTU.
    private static func follows(_ path: String) -> Bool { path.hasPrefix("ipv6/conf/") && path.hasSuffix("/mtu") }
}
