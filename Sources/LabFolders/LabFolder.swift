import Addresses
import Topology

/// A lab as people have it: a folder of containerlab, kind, Calico, EOS and Kubernetes files.
public struct LabFolder: Sendable {
    /// What the files come to.
    public var topology: Topology
    /// What is not done as the files say, in their order.
    public var warnings: [Warning]
    /// The files, with what was taken from each.
    public var files: [FileAccount]

    /// Reads a folder.
    ///
    /// - Throws: all that is wrong, each with file, line and field.
    public init(_ files: FolderFiles) throws(TopologyErrors) {
        var reader = FolderReader(files)
        reader.read()
        try Self.stop(reader.findings)
        let name = reader.labName
        var assembly = FolderAssembly(reader.documents, labName: name, reader.findings)
        assembly.assemble()
        try Self.stop(assembly.findings)
        try assembly.settle()
        topology = assembly.topology
        warnings = assembly.findings.warnings.sorted { $0.place < $1.place }
        self.files = reader.accounts
    }

    private static func stop(_ findings: Findings) throws(TopologyErrors) {
        if !findings.errors.isEmpty { throw TopologyErrors(findings.errors) }
    }
}
