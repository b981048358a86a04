import Glibc
import System

/// The settings of a network namespace that are no link's own and can be changed, with their values: what is below `/proc/sys/net`
/// but for the folders of links.
///
/// Read once of one namespace, it says of others what is not the same there, for the price of an open file each.
public struct SettingValues: Sendable {
    /// Where they are. All namespaces that are made alike have the same ones, so it is read of one of them.
    public struct Places: Sendable {
        fileprivate var folders: [(path: String, names: [String])] = []

        /// Looks for the settings of a namespace.
        public init(in inside: borrowing InsideNamespace) {
            var paths = [""]
            while let path = paths.popLast() {
                var names: [String] = []
                for name in Directory.names("/proc/sys/net/\(path)") {
                    let child = path.isEmpty ? name : "\(path)/\(name)"
                    var status = stat()
                    guard lstat("/proc/sys/net/\(child)", &status) == 0 else { continue }
                    if status.st_mode & S_IFMT == S_IFDIR {
                        if !Self.isOfLink(child) { paths.append(child) }
                    } else if status.st_mode & (S_IRUSR | S_IWUSR) == S_IRUSR | S_IWUSR {
                        names.append(name)
                    }
                }
                if !names.isEmpty { folders.append((path, names)) }
            }
        }

        /// Whether a folder is a link's: `ipv4/conf/eth0`, `mpls/conf/eth0`.
        private static func isOfLink(_ path: String) -> Bool {
            let parts = path.split(separator: "/")
            return parts.count == 3 && ["conf", "neigh"].contains(parts[1]) && !["all", "default"].contains(parts[2])
        }
    }

    private let places: Places
    /// For each folder those of its files. Nil where one has no value, as a secret that nobody has chosen (EIO).
    private var values: [[[UInt8]?]] = []

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
    public init(_ places: Places, in inside: borrowing InsideNamespace) throws(SystemCallError) {
        self.places = places
        for (path, names) in places.folders {
            var values: [[UInt8]?] = []
            values.reserveCapacity(names.count)
            try Self.read(path, names, in: inside) { values.append($1.map { Array($0) }) }
            self.values.append(values)
        }
    }

    /// How many there are.
    public var count: Int { values.reduce(0) { $0 + $1.count } }

    /// What is not so in another namespace. Settings that it has besides are not looked at: the kernel gives all namespaces the
    /// same ones.
    ///
    /// - Parameter skipped: whether a setting is left out, by its path.
    /// - Throws: `SystemCallError` for want of descriptors or memory.
    public func differences(
        in inside: borrowing InsideNamespace, except skipped: (String) -> Bool
    ) throws(SystemCallError) -> [Difference] {
        var differences: [Difference] = []
        for ((path, names), values) in zip(places.folders, values) {
            try Self.read(path, names, in: inside) { index, found in
                let wanted = values[index]
                let isSame =
                    if let found, let wanted { found.elementsEqual(wanted) } else { found == nil && wanted == nil }
                if isSame { return }
                let path = "\(path)/\(names[index])"
                if skipped(path) { return }
                differences.append(
                    Difference(path: path, wanted: wanted.map { Self.text($0[...]) }, found: found.map(Self.text)))
            }
        }
        return differences
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    /// Reads the files of a folder of a namespace.
    ///
    /// - Parameter body: called with each file's number and its content; nil for one that is not there or has no value.
    private static func read(
        _ path: String, _ names: [String], in inside: borrowing InsideNamespace,
        _ body: (Int, ArraySlice<UInt8>?) -> Void
    ) throws(SystemCallError) {
        let directory: FileDescriptor
        do throws(SystemCallError) {
            directory = try inside.openSettings(path, O_RDONLY | O_DIRECTORY)
        } catch {
            if error.isShortage { throw error }
            for index in names.indices { body(index, nil) }
            return
        }
        var buffer = [UInt8](repeating: 0, count: 4096)
        for (index, name) in names.enumerated() {
            let descriptor = openat(directory.number, name, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                let error = SystemCallError("openat", "/proc/sys/net/\(path)/\(name)")
                if error.isShortage { throw error }
                body(index, nil)
                continue
            }
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            close(descriptor)
            body(index, count >= 0 ? buffer[..<count] : nil)
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
