import Glibc
import NetworkNamespaces
import System

/// The settings of a namespace that can be written, by their path below `/proc/sys/net`.
struct SettingSnapshot: Sendable {
    private(set) var values: [String: String] = [:]

    /// Reads them.
    init(in inside: borrowing InsideNamespace) {
        var folders = [""]
        while let folder = folders.popLast() {
            for name in Directory.names("/proc/sys/net/\(folder)") {
                let path = folder + name
                var status = stat()
                guard lstat("/proc/sys/net/\(path)", &status) == 0 else { continue }
                if status.st_mode & S_IFMT == S_IFDIR {
                    folders.append(path + "/")
                } else if status.st_mode & (S_IRUSR | S_IWUSR) == S_IRUSR | S_IWUSR, !Self.follows(path),
                    let value = try? inside.sysctl(path)
                {
                    values[path] = value
                }
            }
        }
    }

    /// Whether a setting only follows something else: a link's MTU.
    private static func follows(_ path: String) -> Bool { path.hasPrefix("ipv6/conf/") && path.hasSuffix("/mtu") }
}
