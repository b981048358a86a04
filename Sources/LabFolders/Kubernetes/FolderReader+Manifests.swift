import Topology
import YAML

/// Reading all other documents: Kubernetes' and Calico's.
extension FolderReader {
    mutating func readManifests(_ path: String) {
        guard let bytes = bytes(path) else { return }
        done.insert(path)
        for document in YAMLDocument.documents(of: bytes) {
            let head = document.head(["apiVersion", "kind"])
            guard let mark = head.mark else {
                if let error = head.error { skip(path, error) }
                continue
            }
            guard let kind = head.fields["kind"], let version = head.fields["apiVersion"] else {
                if let error = head.error {
                    // What is half a manifest is meant to be one.
                    if head.fields.isEmpty { skip(path, error) } else { diagnostics.error(in: path, error) }
                } else {
                    note(path, ignored: "a document without apiVersion and kind in line \(mark.line)")
                }
                continue
            }
            take(document, path, kind, version)
        }
        if reports[path] == nil { note(path, ignored: "nothing in it") }
    }

    /// Leaves out a document that is not YAML and has nothing of a manifest.
    private mutating func skip(_ path: String, _ error: YAMLSyntaxError) {
        diagnostics.warn(
            at: SourceLine(file: path, line: error.mark.line), "\(error.sentence); the document is skipped")
        note(path, ignored: "a document that is not YAML in line \(error.mark.line)")
    }

    private mutating func take(_ document: YAMLDocument, _ path: String, _ kind: String, _ version: String) {
        if version.hasPrefix("kind.x-k8s.io/") {
            return note(path, ignored: "another cluster's configuration")
        }
        keep(document)
        // What `kubectl get -o yaml` and `calicoctl get -o yaml` write of several.
        if kind == "List" || kind.hasSuffix("List") && kind.count > 4 {
            guard let root = document.read(of: path, &diagnostics) else { return }
            return takeItems(of: root, path, kind, version)
        }
        guard isRead(kind, version, at: SourceLine(file: path, line: document.firstLine)),
            let root = document.read(of: path, &diagnostics)
        else { return }
        take(root, path, kind, version)
    }

    /// Keeps a document as it was written, whatever it means for a network: the cluster has it.
    private mutating func keep(_ document: YAMLDocument) {
        guard documents.cluster.count + document.bytes.count <= LabFolder.mostClusterBytes else { return }
        let startsItself = document.bytes.starts(with: Array("---".utf8)) || document.bytes.first == UInt8(ascii: "%")
        if !startsItself { documents.cluster += Array("---\n".utf8) }
        documents.cluster += document.bytes
        if documents.cluster.last != UInt8(ascii: "\n") { documents.cluster.append(UInt8(ascii: "\n")) }
    }

    private mutating func takeItems(of root: Field, _ path: String, _ kind: String, _ version: String) {
        let items = root["items"].list(&diagnostics)
        if items.isEmpty { note(path, ignored: "\(kind): nothing in it") }
        for item in items {
            // Those of a list of one kind need not say what they are.
            let own = item["kind"].text ?? (kind == "List" ? "" : String(kind.dropLast("List".count)))
            guard !own.isEmpty, !own.hasSuffix("List") else {
                diagnostics.warn(item, "an item of a list needs apiVersion and kind; it is left out")
                continue
            }
            let version = item["apiVersion"].text ?? version
            if isRead(own, version, at: item.place) { take(item, path, own, version) }
        }
    }

    /// Whether documents of a kind are read; notes why not.
    private mutating func isRead(_ kind: String, _ version: String, at place: SourceLine) -> Bool {
        if Self.isCalico(version), CalicoDocument(rawValue: kind) != nil { return true }
        switch Manifests.treatment(apiVersion: version, kind: kind) {
        case .read: return true
        case .irrelevant: note(place.file, ignored: "\(kind): nothing about the network")
        case .unsupported(let sentence):
            diagnostics.warn(at: place, "\(kind): \(sentence)")
            note(place.file, ignored: "\(kind): \(sentence)")
        case .unknown:
            diagnostics.warn(at: place, "\(kind) (\(version)) is not known; it is skipped")
            note(place.file, ignored: "\(kind): not known")
        }
        return false
    }

    private static func isCalico(_ version: String) -> Bool {
        version.contains("projectcalico.org/") || version.hasPrefix("operator.tigera.io/")
    }

    private mutating func take(_ root: Field, _ path: String, _ kind: String, _ version: String) {
        let fields = Self.isCalico(version) ? FieldTable.calico[kind] : nil
        (fields ?? FieldTable.kubernetes[kind])?.check(root, &diagnostics)
        let name = root["metadata"]["name"].text
        note(path, taken: kind + (name.map { " \($0)" } ?? ""))
        switch Self.isCalico(version) ? CalicoDocument(rawValue: kind) : nil {
        case .installation?: documents.calico.addInstallation(root, &diagnostics)
        case .pool?: documents.calico.addPool(root, &diagnostics)
        case .reservation?: documents.calico.addReservation(root, &diagnostics)
        case .felix?: documents.calico.addFelix(root, &diagnostics)
        case .bgpPeer?, .bgpConfiguration?:
            if kind == CalicoDocument.bgpPeer.rawValue {
                documents.calico.addPeer(root, &diagnostics)
            } else {
                documents.calico.addBGP(root, &diagnostics)
            }
            documents.calico.bgpDocuments.append(Located("\(kind) \(name ?? "")", at: root.place))
        case .controllers?: documents.calico.addControllers(root, &diagnostics)
        case nil:
            if kind == "DaemonSet", name == "calico-node" { documents.calico.addManifest(root, &diagnostics) }
            documents.manifests.add(root, kind, &diagnostics)
        }
    }

    /// Calico's kinds that are read.
    private enum CalicoDocument: String {
        case installation = "Installation"
        case pool = "IPPool"
        case reservation = "IPReservation"
        case felix = "FelixConfiguration"
        case bgpPeer = "BGPPeer"
        case bgpConfiguration = "BGPConfiguration"
        case controllers = "KubeControllersConfiguration"
    }
}
