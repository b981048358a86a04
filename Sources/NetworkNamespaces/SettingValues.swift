import Glibc
import System

/// The settings of a network namespace that are no link's own and can be changed, with their values: what is below `/proc/sys/net`
/// but for the folders of links.
///
/// Read once of one namespace, it says of others what is not the same there, for the price of an open file each.
public struct SettingValues: Sendable {
    private var folders: [Folder] = []

    private struct Folder: Sendable {
        var path: String
        var files: [File] = []
    }

    private struct File: Sendable {
        var name: String
        /// Nil where it has no value, as a secret that nobody has chosen (EIO).
        var value: [UInt8]?
    }

    /// A setting that is not as it is elsewhere. A value is nil where there is none.
    public struct Difference: Hashable, Sendable {
        /// The path below `/proc/sys/net`.
        public var path: String
        public var wanted: String?
        public var found: String?
    }

    /// Reads the settings of a namespace.
    ///
    /// - Throws: `SystemCallError` for want of descriptors or memory.
    public init(in inside: borrowing InsideNamespace) throws(SystemCallError) {
        var names = [""]
        while let name = names.popLast() {
            var folder = Folder(path: name)
            for entry in Directory.names("/proc/sys/net/\(name)") {
                let path = name.isEmpty ? entry : "\(name)/\(entry)"
                var status = stat()
                guard lstat("/proc/sys/net/\(path)", &status) == 0 else { continue }
                if status.st_mode & S_IFMT == S_IFDIR {
                    if !Self.isOfLink(path) { names.append(path) }
                } else if status.st_mode & (S_IRUSR | S_IWUSR) == S_IRUSR | S_IWUSR {
                    folder.files.append(File(name: entry))
                }
            }
            if !folder.files.isEmpty { folders.append(folder) }
        }
        for index in folders.indices {
            var values: [[UInt8]?] = []
            try Self.read(folders[index], in: inside) { values.append($1.map { Array($0) }) }
            for (file, value) in values.enumerated() { folders[index].files[file].value = value }
        }
    }

    /// Whether a folder is a link's: `ipv4/conf/eth0`, `mpls/conf/eth0`.
    private static func isOfLink(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        return parts.count == 3 && ["conf", "neigh"].contains(parts[1]) && !["all", "default"].contains(parts[2])
    }

    /// How many there are.
    public var count: Int { folders.reduce(0) { $0 + $1.files.count } }

    /// What is not so in another namespace. Settings that it has besides are not looked at: the kernel gives all namespaces the
    /// same ones.
    ///
    /// - Parameter skipped: whether a setting is left out, by its path.
    /// - Throws: `SystemCallError` for want of descriptors or memory.
    public func differences(
        in inside: borrowing InsideNamespace, except skipped: (String) -> Bool
    ) throws(SystemCallError) -> [Difference] {
        var differences: [Difference] = []
        for folder in folders {
            try Self.read(folder, in: inside) { file, found in
                let isSame =
                    if let found, let value = file.value { found.elementsEqual(value) } else {
                        found == nil && file.value == nil
                    }
                if isSame { return }
                let path = "\(folder.path)/\(file.name)"
                if skipped(path) { return }
                differences.append(
                    Difference(path: path, wanted: file.value.map { Self.text($0[...]) }, found: found.map(Self.text)))
            }
        }
        return differences
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    /// Reads the files of a folder of a namespace.
    ///
    /// - Parameter body: called with each file and its content; nil for one that is not there or has no value.
    private static func read(
        _ folder: Folder, in inside: borrowing InsideNamespace, _ body: (File, ArraySlice<UInt8>?) -> Void
    ) throws(SystemCallError) {
        let directory: FileDescriptor
        do throws(SystemCallError) {
            directory = try inside.openSettings(folder.path, O_RDONLY | O_DIRECTORY)
        } catch {
            if error.isShortage { throw error }
            for file in folder.files { body(file, nil) }
            return
        }
        var buffer = [UInt8](repeating: 0, count: 4096)
        for file in folder.files {
            let descriptor = openat(directory.number, file.name, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                let error = SystemCallError("openat", "/proc/sys/net/\(folder.path)/\(file.name)")
                if error.isShortage { throw error }
                body(file, nil)
                continue
            }
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            close(descriptor)
            body(file, count >= 0 ? buffer[..<count] : nil)
        }
    }
}

extension InsideNamespace {
    /// The settings of one link in one folder, such as `ipv6/conf/eth0`, by their names: those that can be changed. One without a
    /// value is left out.
    ///
    /// - Throws: `SystemCallError` for want of descriptors or memory.
    public func linkSettings(_ folder: String) throws(SystemCallError) -> [String: String] {
        var values: [String: String] = [:]
        for name in Directory.names("/proc/sys/net/\(folder)") {
            var status = stat()
            guard lstat("/proc/sys/net/\(folder)/\(name)", &status) == 0,
                status.st_mode & (S_IRUSR | S_IWUSR) == S_IRUSR | S_IWUSR
            else { continue }
            do throws(SystemCallError) {
                values[name] = try sysctl("\(folder)/\(name)")
            } catch {
                if error.isShortage { throw error }
            }
        }
        return values
    }
}
