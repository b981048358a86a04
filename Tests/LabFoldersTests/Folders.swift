import FoundationEssentials
import Topology

@testable import LabFolders

/// Lab folders for tests: those below `Fixtures`, and others that a test writes down.
enum Folders {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    /// The names of the fixtures.
    static let names: [String] = {
        let names = try? FileManager.default.contentsOfDirectory(atPath: fixtures.path)
        return (names ?? []).filter { !$0.hasPrefix(".") }.sorted()
    }()

    /// The files of a fixture.
    static func files(_ name: String) throws -> FolderFiles {
        let root = fixtures.appending(path: name)
        var contents: [String: [UInt8]] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: root.path) {
            let file = root.appending(path: path)
            var isFolder = false
            guard FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder), !isFolder else {
                continue
            }
            contents[path] = Array(try Data(contentsOf: file))
        }
        return FolderFiles(name: name, contents)
    }

    /// A fixture, read.
    ///
    /// - Parameter hasToolNetworks: whether it has the networks that kind and containerlab bring; nil for those of a cluster
    ///   alone, whose nodes would have no address without, so that what links make of nodes is seen by itself.
    static func fixture(_ name: String, hasToolNetworks: Bool? = nil) throws -> LabFolder {
        let files = try files(name)
        return try LabFolder(files, hasToolNetworks: hasToolNetworks ?? !hasTopology(files.paths))
    }

    /// A folder of these files, read.
    static func read(_ files: [String: String], hasToolNetworks: Bool? = nil) throws -> LabFolder {
        try LabFolder(
            FolderFiles(name: "lab", files.mapValues { Array($0.utf8) }),
            hasToolNetworks: hasToolNetworks ?? !hasTopology(Array(files.keys)))
    }

    private static func hasTopology(_ paths: [String]) -> Bool { paths.contains { $0.contains(".clab.y") } }

    /// The errors of a folder of these files, a line each.
    static func errors(_ files: [String: String]) -> [String] {
        do {
            _ = try read(files)
            return []
        } catch let errors as TopologyErrors {
            return errors.errors.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }
}

extension LabFolder {
    func router(_ name: String) -> Router? { topology.routers.first { $0.name == name } }
    func node(_ name: String) -> Node? { topology.nodes.first { $0.name == name } }
    func host(_ name: String) -> Host? { topology.hosts.first { $0.name == name } }
    func workload(_ name: String) -> Workload? { topology.workloads.first { $0.name == name } }
    func service(_ name: String) -> Service? { topology.services.first { $0.name == name } }
    /// The warnings, a line each.
    var lines: [String] { warnings.map(\.description) }
}
