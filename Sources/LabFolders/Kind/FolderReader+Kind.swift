import Topology
import YAML

/// Finding and reading the cluster of kind.
extension FolderReader {
    mutating func readKind() {
        let starters = documents.containerlab?.nodes.filter { $0.kind == "k8s-kind" } ?? []
        for other in starters.dropFirst() {
            diagnostics.warn(at: other.place, "a lab has one cluster; \(other.name) is left out")
        }
        if let starter = starters.first {
            documents.clusterName = starter.name
            if let written = starter.startupConfig {
                guard let path = resolve(written, of: starter.name) else { return }
                for root in compose(path) where root["kind"].text == "Cluster" { takeKind(root, path) }
                if documents.kind == nil, diagnostics.errors.isEmpty {
                    diagnostics.error(
                        at: SourceLine(file: path, line: 1), "there is no configuration of kind (kind: Cluster)")
                }
            } else {
                documents.kind = KindCluster.usual(at: starter.place)
            }
        } else {
            // A cluster that is there before containerlab connects its nodes.
            for path in files.all where isYAML(path) && !done.contains(path) {
                guard let bytes = bytes(path, quietly: true) else { continue }
                let isCluster = YAMLDocument.documents(of: bytes).contains {
                    $0.head(["apiVersion"]).fields["apiVersion"]?.hasPrefix("kind.x-k8s.io/") == true
                }
                guard isCluster, documents.kind == nil else { continue }
                for root in compose(path) where root["kind"].text == "Cluster" { takeKind(root, path) }
            }
        }
        if let name = documents.kind?.name?.value { documents.clusterName = name }
        if documents.kind != nil, DeviceName.label(documents.clusterName) != documents.clusterName {
            diagnostics.error(
                at: documents.kind?.name?.place ?? starters.first?.place ?? SourceLine(file: files.name, line: 1),
                "\"\(documents.clusterName)\" is not a name for a cluster: lower-case letters, digits and hyphens")
        }
    }

    private mutating func takeKind(_ root: Field, _ path: String) {
        guard documents.kind == nil else {
            return diagnostics.warn(root, "a lab has one cluster; this one is left out")
        }
        FieldTable.kind.check(root, &diagnostics)
        let kind = KindCluster(root, &diagnostics)
        documents.kind = kind
        note(path, taken: "cluster of kind: \(kind.nodes.count) nodes")
    }
}
