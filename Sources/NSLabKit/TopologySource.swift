import BundledTopologies
import Engine
import Glibc
import NetworkNamespaces
import Topology

/// Where a topology comes from: a file, the name of a bundled one, or nothing for the built-in lab.
public struct TopologySource: CustomStringConvertible, Sendable {
    /// What to call it: the path as it was given, or the bundled topology's name.
    public let description: String
    let text: [UInt8]

    /// Finds the topology that a command's argument names.
    ///
    /// - Throws: `NSLabError` if there is neither such a file nor such a bundled topology.
    public init(_ argument: String?) throws(NSLabError) {
        let name = argument ?? BundledTopology.default.name
        if let bundled = BundledTopology.named(name), argument == nil || access(name, F_OK) != 0 {
            description = bundled.name
            text = Array(bundled.yaml.utf8)
            return
        }
        description = name
        do {
            text = try TopologySource.read(name)
        } catch {
            let bundled = BundledTopology.names.joined(separator: ", ")
            throw NSLabError(
                "\(error)" + (error.isNoSuchFile ? "; give a topology file, or one of \(bundled)" : ""), .badInput)
        }
    }

    /// The topology, read and checked.
    ///
    /// - Parameter name: the lab's name, if it is not to be the topology's own.
    /// - Throws: `NSLabError` with a line for each error.
    public func topology(named name: String? = nil) throws(NSLabError) -> Topology {
        do {
            var topology = try Topology.read(text, file: description)
            if let name { topology.name = name }
            return topology
        } catch {
            throw NSLabError("\(error)", .badInput)
        }
    }

    private static func read(_ path: String) throws(SystemCallError) -> [UInt8] {
        try FileDescriptor(opening: path, O_RDONLY | O_NONBLOCK).readAll(path, limit: 16 << 20)
    }
}
