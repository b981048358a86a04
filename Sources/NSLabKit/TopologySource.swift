import BundledTopologies
import Engine
import Glibc
import LabFolders
import System
import Topology

/// Where a topology comes from: a file, a lab folder, the name of a bundled one, or nothing for the built-in lab.
public struct TopologySource: CustomStringConvertible, Sendable {
    /// What to call it: the path as it was given, or the bundled topology's name.
    public let description: String
    private let content: Content
    /// The directories whose files routers, nodes and hosts may see, besides the topology's own.
    private let bindable: [String]
    /// Whether a folder's lab has the networks that kind and containerlab bring.
    private let hasToolNetworks: Bool

    private enum Content: Sendable {
        /// The native format.
        case text([UInt8])
        /// The files that people deploy with containerlab, kind and kubectl.
        case folder(FolderFiles)
    }

    /// A topology that was read.
    public struct Reading: Sendable {
        public var topology: Topology
        /// What is not done as the files say, a line each with its place.
        public var warnings: [String] = []
        /// The files of a folder, with what was taken from each.
        public var files: [FileReport] = []
        /// What the cluster's API is to serve besides what the lab is.
        public var cluster = ClusterAPIFiles()
        /// What is kept for the commands of other tools.
        public var containers = ContainerRecord(containers: [])
    }

    /// Finds the topology that a command's argument names.
    ///
    /// - Parameters:
    ///   - files: files that belong to a folder besides those below it.
    ///   - excluded: files below a folder that do not belong to it, by path, name or pattern.
    ///   - bindable: directories whose files routers, nodes and hosts may see, besides the topology's own.
    ///   - hasToolNetworks: whether a folder's lab has kind's own network and containerlab's management network.
    /// - Throws: `NSLabError` if there is neither such a file or folder nor such a bundled topology.
    public init(
        _ argument: String?, adding files: [String] = [], excluding excluded: [String] = [],
        allowing bindable: [String] = [], withToolNetworks hasToolNetworks: Bool = true
    ) throws(NSLabError) {
        self.hasToolNetworks = hasToolNetworks
        self.bindable = try bindable.map { directory throws(NSLabError) in
            guard let path = FolderFiles.realPath(directory) else {
                throw NSLabError("\(SystemCallError("realpath", directory))", .badInput)
            }
            return path
        }
        let name = argument ?? BundledTopology.default.name
        if let bundled = BundledTopology.named(name), argument == nil || access(name, F_OK) != 0 {
            description = bundled.name
            content = .text(Array(bundled.yaml.utf8))
        } else if let folder = Self.folder(name) {
            description = name
            var found = try FolderFiles(
                folder: folder.path, adding: files, excluding: excluded, allowing: self.bindable)
            found.topology = folder.topology
            content = .folder(found)
            return
        } else {
            description = name
            do {
                content = .text(try TopologySource.read(name))
            } catch {
                let bundled = BundledTopology.names.joined(separator: ", ")
                throw NSLabError(
                    "\(error)"
                        + (error.isNoSuchFile ? "; give a topology file, a lab folder, or one of \(bundled)" : ""),
                    .badInput)
            }
        }
        if !files.isEmpty || !excluded.isEmpty {
            throw NSLabError("--file and --exclude apply to lab folders only, and \(name) is not one", .badInput)
        }
    }

    /// The folder that a path means: itself, or that of a containerlab topology, which is the lab's then.
    private static func folder(_ path: String) -> (path: String, topology: String?)? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        if status.st_mode & S_IFMT == S_IFDIR {
            let bare = path.prefix { _ in true }.reversed().drop { $0 == "/" }.reversed()
            return (bare.isEmpty ? "/" : String(bare), nil)
        }
        // One that cannot be read is no folder's here; whoever reads it as a topology of our own says why.
        guard status.st_mode & S_IFMT == S_IFREG,
            path.hasSuffix(".clab.yaml") || path.hasSuffix(".clab.yml")
                || (try? read(path)).map(LabFolder.isTopology) == true
        else { return nil }
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let name = String(path[path.index(after: slash)...])
        return (slash == path.startIndex ? "/" : String(path[..<slash]), name)
    }

    /// The topology, read and checked.
    ///
    /// - Parameter name: the lab's name, if it is not to be the topology's own.
    /// - Throws: `NSLabError` with a line for each error.
    public func read(named name: String? = nil) throws(NSLabError) -> Reading {
        do {
            var reading = try reading()
            if let name { reading.topology.name = name }
            return reading
        } catch {
            throw NSLabError("\(error)", .badInput)
        }
    }

    /// The topology, read and checked.
    ///
    /// - Throws: as `read(named:)`.
    public func topology(named name: String? = nil) throws(NSLabError) -> Topology { try read(named: name).topology }

    /// The topology, with errors as they are.
    func reading() throws(TopologyErrors) -> Reading {
        switch content {
        case .text(let bytes):
            let topology = try Topology.read(bytes, file: description, binding: bindDirectories)
            return Reading(
                topology: topology, warnings: topology.tolerated().map { "\(description): \($0)" },
                containers: ContainerRecord(containers: ContainerNode.all(of: topology)))
        case .folder(let files):
            // Places are named as the user would open them.
            func path(_ file: String) -> String {
                file == files.name || files.added.contains(file) || files.name == "." ? file : "\(files.name)/\(file)"
            }
            do {
                let folder = try LabFolder(files, hasToolNetworks: hasToolNetworks)
                let warnings = folder.warnings.map { "\(path($0.place.file)):\($0.place.line): \($0.sentence)" }
                var topology = folder.topology
                topology.nameCommands(path)
                return Reading(
                    topology: topology, warnings: warnings, files: folder.files,
                    cluster: ClusterAPIFiles(
                        documents: folder.clusterDocuments, kubernetesVersion: folder.kubernetesVersion),
                    containers: ContainerRecord(
                        containers: folder.containers,
                        topologyFile: folder.topologyPath.map(path).flatMap(FolderFiles.realPath)))
            } catch {
                throw TopologyErrors(
                    error.errors.map { error in
                        var error = error
                        error.file = path(error.file)
                        return error
                    })
            }
        }
    }

    /// The directories whose files the topology's file may have hosts see.
    private var bindDirectories: BindDirectories {
        let file = FolderFiles.realPath(description) ?? description
        let own = file.lastIndex(of: "/").map { $0 == file.startIndex ? "/" : String(file[..<$0]) } ?? "/"
        return BindDirectories(own: own, allowed: bindable)
    }

    private static func read(_ path: String) throws(SystemCallError) -> [UInt8] {
        try FileDescriptor(opening: path, O_RDONLY | O_NONBLOCK).readAll(path, limit: 16 << 20)
    }
}

extension Topology {
    /// Names the files that commands were written in.
    fileprivate mutating func nameCommands(_ path: (String) -> String) {
        func name(_ commands: inout [HostCommand]) {
            for index in commands.indices { commands[index].place = commands[index].place.map(path) }
        }
        for index in nodes.indices { name(&nodes[index].commands) }
        for index in hosts.indices { name(&hosts[index].commands) }
    }
}
