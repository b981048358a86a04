import Addresses
import Topology
import YAML

/// A lab as people have it: a folder of containerlab, kind, Calico, EOS and Kubernetes files.
public struct LabFolder: Sendable {
    /// What the files come to.
    public var topology: Topology
    /// What is not done as the files say, in their order.
    public var warnings: [Warning]
    /// The files, with what was taken from each.
    public var files: [FileReport]
    /// The cluster's objects as the files have them word by word, of whatever kind: a YAML stream.
    public var clusterDocuments: [UInt8]
    /// Kubernetes' version as the image of the nodes says it: `v1.28.0`; nil where none does.
    public var kubernetesVersion: String?

    /// What its machines would be as containers of containerlab's and kind's.
    public var containers: [ContainerNode]
    /// The containerlab topology, by its path from the folder; nil where there is none.
    public var topologyPath: String?

    /// The most bytes of the cluster's documents that are kept.
    static let mostClusterBytes = 16 << 20

    /// Reads a folder.
    ///
    /// - Parameter hasToolNetworks: whether the lab has the networks that kind and containerlab bring: kind's own, and
    ///   containerlab's management network.
    /// - Throws: all that is wrong, each with file, line and field.
    public init(_ files: FolderFiles, hasToolNetworks: Bool = true) throws(TopologyErrors) {
        var reader = FolderReader(files, hasToolNetworks: hasToolNetworks)
        reader.read()
        try Self.stop(reader.diagnostics)
        let name = reader.labName
        var builder = TopologyBuilder(reader.documents, labName: name, reader.diagnostics)
        builder.build()
        try Self.stop(builder.diagnostics)
        try builder.validate()
        topology = builder.topology
        warnings = builder.diagnostics.warnings.sorted { $0.place < $1.place }
        self.files = reader.reports.values.sorted { $0.path < $1.path }
        containers = builder.containers
        topologyPath = reader.documents.containerlab.flatMap { _ in reader.topologyPath }
        clusterDocuments = reader.documents.kind == nil ? [] : reader.documents.cluster
        kubernetesVersion = reader.documents.kubernetesVersion
    }

    /// The lab's name in a topology of containerlab's; nil for another file.
    public static func topologyName(_ bytes: [UInt8]) -> String? {
        guard isTopology(bytes) else { return nil }
        return YAMLDocument.documents(of: bytes).first?.head(["name"]).fields["name"].map(DeviceName.label)
    }

    /// Whether a file is a topology of containerlab, by what it says.
    public static func isTopology(_ bytes: [UInt8]) -> Bool {
        guard bytes.count < YAMLDocument.maximumBytes else { return false }
        let keys = YAMLDocument.documents(of: bytes).first?.head(["topology", "name", "kind", "lab"]).fields ?? [:]
        return keys["topology"] != nil && keys["name"] != nil && keys["kind"] == nil && keys["lab"] == nil
    }

    private static func stop(_ diagnostics: Diagnostics) throws(TopologyErrors) {
        if !diagnostics.errors.isEmpty { throw TopologyErrors(diagnostics.errors) }
    }
}
