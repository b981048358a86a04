import Topology
import YAML

/// Finds the files of a folder that count, and reads them.
struct FolderReader {
    let files: FolderFiles
    private(set) var documents = FolderDocuments()
    var findings = Findings()
    /// What was taken from each file, in the order of their paths.
    private(set) var accounts: [FileAccount] = []
    /// The files that are read already.
    private var done: Set<String> = []
    /// The folders of Helm charts, each with a slash behind it; the lab's own is empty.
    private let charts: [String]

    /// The most bytes of one file that are read.
    static let maximumBytes = 16 << 20

    init(_ files: FolderFiles) {
        self.files = files
        charts = files.paths.filter { $0.split(separator: "/").last == "Chart.yaml" }
            .map { String($0.dropLast("Chart.yaml".count)) }
    }

    /// The lab's name: the topology's, else the cluster's, else the folder's.
    var labName: String {
        if let name = documents.containerlab?.name?.value { return DeviceName.label(name) }
        if documents.kind != nil { return DeviceName.label(documents.clusterName) }
        let folder = files.name.split(separator: "/").last { $0 != "." && $0 != ".." }
        return DeviceName.label(folder.map(String.init) ?? "lab")
    }

    mutating func read() {
        readTopology()
        guard findings.errors.isEmpty else { return }
        readKind()
        readStartupConfigurations()
        for path in files.all where !done.contains(path) && isYAML(path) { readManifests(path) }
        if documents.containerlab == nil, documents.kind == nil, findings.errors.isEmpty {
            findings.error(
                at: SourceLine(file: files.name, line: 1),
                "there is neither a containerlab topology (*.clab.yaml) nor a cluster of kind (kind: Cluster) in this folder"
            )
        }
        readScripts()
        for path in files.paths where !accounts.contains(where: { $0.path == path }) {
            var account = FileAccount(path: path)
            account.ignored.append(
                isOfChart(path) ? "part of a Helm chart, and charts are not rendered" : "not a recognised file")
            accounts.append(account)
        }
        accounts.sort { $0.path < $1.path }
    }

    private func isYAML(_ path: String) -> Bool {
        // containerlab's own state of a lab that runs, and hidden folders.
        let folders = path.split(separator: "/").dropLast()
        if folders.contains(where: { $0.hasPrefix("clab-") || $0.hasPrefix(".") }) { return false }
        if isOfChart(path) { return false }
        return path.hasSuffix(".yaml") || path.hasSuffix(".yml") || path.hasSuffix(".json")
    }

    /// Whether a file belongs to a Helm chart, whose files are templates and not documents (helm.sh/docs/topics/charts). In a
    /// lab folder that is a chart itself, the files beside the chart's own are the lab's.
    private func isOfChart(_ path: String) -> Bool {
        charts.contains { chart in
            if !chart.isEmpty { return path.hasPrefix(chart) }
            return ["templates/", "charts/", "crds/"].contains(where: path.hasPrefix)
                || ["Chart.yaml", "values.yaml", "values.schema.json"].contains(path)
        }
    }

    // MARK: The topology

    private static func isTopology(_ path: String) -> Bool {
        path.hasSuffix(".clab.yaml") || path.hasSuffix(".clab.yml")
    }

    private mutating func readTopology() {
        var candidates = files.all.filter { Self.isTopology($0) && isYAML($0) }
        if candidates.isEmpty {
            candidates = files.all.filter { isYAML($0) && looksLikeTopology($0) }
        }
        // A topology further down is another lab's.
        let depth = candidates.map { $0.count { $0 == "/" } }.min()
        candidates = candidates.filter { path in path.count { $0 == "/" } == depth }
        if candidates.count > 1 {
            let named = scripts().filter { _, text in text.contains("containerlab") || text.contains("clab") }
                .flatMap { _, text in candidates.filter { text.contains($0.split(separator: "/").last ?? "") } }
            if Set(named).count == 1 { candidates = [named[0]] }
        }
        guard let path = candidates.first else { return }
        guard candidates.count == 1 else {
            findings.error(
                at: SourceLine(file: candidates[1], line: 1),
                "there are several topologies (\(candidates.joined(separator: ", "))); a lab is one: drop the others with "
                    + "--exclude")
            return
        }
        guard let root = compose(path).first else {
            if findings.errors.isEmpty { findings.error(at: SourceLine(file: path, line: 1), "the topology is empty") }
            return
        }
        let topology = ContainerlabTopology(root, &findings)
        documents.containerlab = topology
        account(path, taken: "containerlab topology: \(topology.nodes.count) nodes, \(topology.links.count) links")
    }

    private func looksLikeTopology(_ path: String) -> Bool {
        guard let bytes = try? files.bytes(path), bytes.count < YAMLDocument.maximumBytes else { return false }
        let keys = YAMLDocument.documents(of: bytes).first?.head(["topology", "name", "kind"]).fields ?? [:]
        return keys["topology"] != nil && keys["name"] != nil && keys["kind"] == nil
    }

    // MARK: The cluster

    private mutating func readKind() {
        let starters = documents.containerlab?.nodes.filter { $0.kind == "k8s-kind" } ?? []
        for other in starters.dropFirst() {
            findings.warn(at: other.place, "a lab has one cluster; \(other.name) is left out")
        }
        if let starter = starters.first {
            documents.clusterName = starter.name
            if let written = starter.startupConfig {
                guard let path = resolve(written, of: starter.name) else { return }
                for root in compose(path) where root["kind"].text == "Cluster" { takeKind(root, path) }
                if documents.kind == nil, findings.errors.isEmpty {
                    findings.error(
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
            findings.error(
                at: documents.kind?.name?.place ?? starters.first?.place ?? SourceLine(file: files.name, line: 1),
                "\"\(documents.clusterName)\" is not a name for a cluster: lower-case letters, digits and hyphens")
        }
    }

    private mutating func takeKind(_ root: Field, _ path: String) {
        guard documents.kind == nil else {
            return findings.warn(root, "a lab has one cluster; this one is left out")
        }
        let kind = KindCluster(root, &findings)
        documents.kind = kind
        account(path, taken: "cluster of kind: \(kind.nodes.count) nodes")
    }

    // MARK: Startup configurations

    private mutating func readStartupConfigurations() {
        for node in documents.containerlab?.nodes ?? [] where node.kind == "arista_ceos" {
            if let inline = node.inlineConfig {
                documents.configurations[node.name] = EOSConfiguration(
                    inline.value, file: inline.place.file, firstLine: inline.place.line + 1)
                continue
            }
            guard let written = node.startupConfig, let path = resolve(written, of: node.name),
                let bytes = bytes(path)
            else { continue }
            done.insert(path)
            guard bytes.count <= YAMLDocument.maximumBytes else {
                findings.error(at: SourceLine(file: path, line: 1), "a startup configuration has 1 MiB at most")
                continue
            }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                findings.error(at: SourceLine(file: path, line: 1), "this is not UTF-8 text; save the file as UTF-8")
                continue
            }
            let configuration = EOSConfiguration(text.withoutByteOrderMarks, file: path)
            documents.configurations[node.name] = configuration
            account(
                path,
                taken: "EOS configuration of \(node.name): \(configuration.interfaces.count) interfaces, "
                    + "\(configuration.vlans.count) VLANs, \(configuration.routes.count) static routes")
        }
    }

    /// The file that a topology's path leads to.
    private mutating func resolve(_ written: Located<String>, of node: String) -> String? {
        let path = FieldPath()["topology"]["nodes"][node]["startup-config"]
        guard let resolved = files.resolve(written.value, from: written.place.file) else {
            findings.error(
                at: written.place, path: path,
                "\(written.value) is outside of the folder; copy it into the folder, or name it with --file")
            return nil
        }
        guard files.contains(resolved) else {
            findings.error(at: written.place, path: path, "there is no file \(resolved)")
            return nil
        }
        return resolved
    }

    // MARK: Documents

    private mutating func readManifests(_ path: String) {
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
                    if head.fields.isEmpty { skip(path, error) } else { findings.error(in: path, error) }
                } else {
                    account(path, ignored: "a document without apiVersion and kind in line \(mark.line)")
                }
                continue
            }
            take(document, path, kind, version)
        }
        if !accounts.contains(where: { $0.path == path }) { account(path, ignored: "nothing in it") }
    }

    /// Leaves out a document that is not YAML and has nothing of a manifest.
    private mutating func skip(_ path: String, _ error: YAMLSyntaxError) {
        findings.warn(at: SourceLine(file: path, line: error.mark.line), "\(error.sentence); the document is skipped")
        account(path, ignored: "a document that is not YAML in line \(error.mark.line)")
    }

    private mutating func take(_ document: YAMLDocument, _ path: String, _ kind: String, _ version: String) {
        if version.hasPrefix("kind.x-k8s.io/") {
            return account(path, ignored: "another cluster's configuration")
        }
        let place = SourceLine(file: path, line: document.firstLine)
        let isCalico = version.contains("projectcalico.org/") || version.hasPrefix("operator.tigera.io/")
        let isOfCalico = isCalico && CalicoDocument(rawValue: kind) != nil
        if !isOfCalico {
            switch Manifests.treatment(apiVersion: version, kind: kind) {
            case .read: break
            case .irrelevant: return account(path, ignored: "\(kind): nothing about the network")
            case .unsupported(let sentence):
                findings.warn(at: place, "\(kind): \(sentence)")
                return account(path, ignored: "\(kind): \(sentence)")
            case .unknown:
                findings.warn(at: place, "\(kind) (\(version)) is not known; it is skipped")
                return account(path, ignored: "\(kind): not known")
            }
        }
        guard let root = document.read(of: path, &findings) else { return }
        let name = root["metadata"]["name"].text
        account(path, taken: kind + (name.map { " \($0)" } ?? ""))
        switch isCalico ? CalicoDocument(rawValue: kind) : nil {
        case .installation?: documents.calico.addInstallation(root, &findings)
        case .pool?: documents.calico.addPool(root, &findings)
        case .reservation?: documents.calico.addReservation(root, &findings)
        case .felix?: documents.calico.addFelix(root, &findings)
        case .bgpPeer?, .bgpConfiguration?:
            if kind == CalicoDocument.bgpPeer.rawValue {
                documents.calico.addPeer(root, &findings)
            } else {
                documents.calico.addBGP(root, &findings)
            }
            documents.calico.bgpDocuments.append(Located("\(kind) \(name ?? "")", at: root.place))
        case nil:
            if kind == "DaemonSet", name == "calico-node" { documents.calico.addManifest(root, &findings) }
            documents.manifests.add(root, &findings)
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
    }

    // MARK: Scripts

    private func scripts() -> [(path: String, text: String)] {
        files.paths.filter { $0.hasSuffix(".sh") && !$0.contains("clab-") }.prefix(50).compactMap { path in
            guard let bytes = try? files.bytes(path), bytes.count <= 1 << 18 else { return nil }
            return (path, String(decoding: bytes, as: UTF8.self).withoutByteOrderMarks)
        }
    }

    /// Labels and taints of nodes are often set by the script that deploys a lab and stand nowhere else.
    private mutating func readScripts() {
        let names = Set(documents.kind?.nodeNames(cluster: documents.clusterName) ?? [])
        for (path, text) in scripts() {
            let script = NodeScript(text, nodes: names)
            if script.isEmpty { continue }
            for (node, labels) in script.labels { documents.scriptLabels[node, default: [:]].merge(labels) { $1 } }
            documents.untaintedNodes.formUnion(script.untainted)
            account(path, taken: "labels and taints of nodes (kubectl label, kubectl taint)")
        }
    }

    // MARK: Bytes

    private mutating func bytes(_ path: String, quietly: Bool = false) -> [UInt8]? {
        do {
            let bytes = try files.bytes(path)
            guard bytes.count <= Self.maximumBytes else {
                if !quietly {
                    findings.error(
                        at: SourceLine(file: path, line: 1),
                        "the file has more than \(Self.maximumBytes >> 20) MiB; a lab needs less (--exclude drops it)")
                }
                return nil
            }
            return bytes
        } catch {
            if !quietly { findings.error(at: SourceLine(file: path, line: 1), "\(error)") }
            return nil
        }
    }

    private mutating func compose(_ path: String) -> [Field] {
        done.insert(path)
        guard let bytes = bytes(path) else { return [] }
        return YAMLDocument.documents(of: bytes).compactMap { $0.read(of: path, &findings) }
    }

    private mutating func account(_ path: String, taken: String? = nil, ignored: String? = nil) {
        let index: Int
        if let there = accounts.firstIndex(where: { $0.path == path }) {
            index = there
        } else {
            index = accounts.count
            accounts.append(FileAccount(path: path))
        }
        if let taken { accounts[index].taken.append(taken) }
        if let ignored, !accounts[index].ignored.contains(ignored) { accounts[index].ignored.append(ignored) }
    }
}

extension KindCluster {
    /// What kind makes without a configuration.
    static func usual(at place: SourceLine) -> KindCluster {
        KindCluster(
            nodes: [Node(isControlPlane: true, place: place)],
            podSubnets: [Field.prefix("10.244.0.0/16")].compactMap(\.self),
            serviceSubnets: [Field.prefix("10.96.0.0/16")].compactMap(\.self), place: place)
    }
}
