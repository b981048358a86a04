/// What scripts say: which topology is deployed, and what nodes are labelled.
extension FolderReader {
    func scripts() -> [(path: String, text: String)] {
        files.paths.filter { $0.hasSuffix(".sh") && !$0.contains("clab-") }.prefix(50).compactMap { path in
            guard let bytes = try? files.bytes(path), bytes.count <= 1 << 18 else { return nil }
            return (path, String(decoding: bytes, as: UTF8.self).withoutByteOrderMarks)
        }
    }

    /// Labels and taints of nodes are often set by the script that deploys a lab and stand nowhere else.
    mutating func readScripts() {
        let names = Set(documents.kind?.nodeNames(cluster: documents.clusterName) ?? [])
        for (path, text) in scripts() {
            let script = NodeScript(text, nodes: names)
            if script.isEmpty { continue }
            for (node, labels) in script.labels { documents.scriptLabels[node, default: [:]].merge(labels) { $1 } }
            documents.untaintedNodes.formUnion(script.untainted)
            note(path, taken: "labels and taints of nodes (kubectl label, kubectl taint)")
        }
    }
}
