import Applets
import Engine
import Glibc
import System
import Topology

/// The folder in which this program has the names of other tools: links to it, below the user's cache.
public struct AppletFolder: Sendable {
    /// The folder's absolute path.
    public let path: String

    /// Makes the folder, or mends it: it leads to the program that runs.
    ///
    /// - Throws: `NSLabError` where the user has no home, or the folder is somebody else's.
    public init() throws(NSLabError) {
        let user = Self.user
        let cache: String
        if user == nil, let named = Self.variable("XDG_CACHE_HOME"), named.hasPrefix("/") {
            cache = named
        } else if let home = user?.home ?? Self.variable("HOME"), home.hasPrefix("/") {
            cache = "\(home)/.cache"
        } else {
            throw NSLabError("there is no folder for the commands: set HOME or XDG_CACHE_HOME", .badInput)
        }
        path = "\(cache)/nslab/bin"
        try reportingErrors { [path] in
            guard let program = FileDescriptor.linkTarget("/proc/self/exe") else {
                throw SystemCallError("readlink", "/proc/self/exe")
            }
            // With the rights of who it belongs to: what is in their home may lead anywhere.
            if let user { try Self.take(user.id, user.group) }
            // What cannot be given back to root stays the user's, and the commands say what they may not do.
            defer { if user != nil { try? Self.take(0, 0) } }
            var folder = ""
            for part in path.split(separator: "/") {
                folder += "/\(part)"
                if mkdir(folder, 0o755) != 0, errno != EEXIST { throw SystemCallError("mkdir", folder) }
            }
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_mode & 0o022 == 0,
                status.st_uid == geteuid()
            else {
                throw NSLabError("\(path) is not a folder that only you can write to; remove it", .inTheWay)
            }
            for name in Applet.allCases.map(\.rawValue) + ["nslab"] { try Self.link("\(path)/\(name)", to: program) }
        }
    }

    /// Takes a user's rights, which the saved ones allow to give back.
    private static func take(_ user: uid_t, _ group: gid_t) throws(SystemCallError) {
        // A group is only taken by root: before the user's rights, and after root's.
        if user == 0 { try systemCall("seteuid", "root") { seteuid(0) } }
        try systemCall("setegid", "group \(group)") { setegid(group) }
        if user != 0 { try systemCall("seteuid", "user \(user)") { seteuid(user) } }
    }

    /// A link in the place of whatever has its name.
    private static func link(_ path: String, to program: String) throws(SystemCallError) {
        if FileDescriptor.linkTarget(path) == program { return }
        let temporary = "\(path).\(getpid())"
        unlink(temporary)
        try systemCall("symlink", temporary) { symlink(program, temporary) }
        try systemCall("rename", path) { rename(temporary, path) }
    }

    private struct User {
        var id: uid_t
        var group: gid_t
        var home: String
    }

    /// Who typed sudo(8); nil where nobody did.
    private static var user: User? {
        guard geteuid() == 0, let id = variable("SUDO_UID").flatMap({ uid_t($0) }), id != 0,
            let entry = getpwuid(id), let home = entry.pointee.pw_dir
        else { return nil }
        return User(id: id, group: entry.pointee.pw_gid, home: String(cString: home))
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}

extension Lab {
    /// The file that clients of a lab's Kubernetes API are configured by, whether it is there yet or not.
    ///
    /// - Throws: `NSLabError` for what is no lab's name.
    public static func kubeconfigPath(_ lab: String) throws(NSLabError) -> String {
        guard Topology.isName(lab) else { throw NSLabError("\"\(lab)\" is not a lab's name", .badInput) }
        return StateDirectory(lab: lab).path + "/kubeconfig"
    }
}

/// Programs further down PATH than those that are this one.
public enum RealProgram {
    /// The path of a program of this name that is not this one under another name; nil if there is none.
    public static func path(of name: String) -> String? {
        let own = FileIdentity(at: "/proc/self/exe")
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/\(name)" }.first { candidate in
            guard access(candidate, X_OK) == 0 else { return false }
            let target = FolderPath.real(candidate) ?? candidate
            // Another build of nslab's is not the program either.
            return FileIdentity(at: candidate) != own && target.split(separator: "/").last != "nslab"
        }
    }

    private enum FolderPath {
        static func real(_ path: String) -> String? {
            guard let resolved = realpath(path, nil) else { return nil }
            defer { free(resolved) }
            return String(cString: resolved)
        }
    }
}
