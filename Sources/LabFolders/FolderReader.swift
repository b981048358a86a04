import Topology
import YAML

/// Finds the files of a folder that count, and reads them.
struct FolderReader {
    let files: FolderFiles
    var documents = FolderDocuments()
    var diagnostics = Diagnostics()
    /// By path, what was taken from a file.
    private(set) var reports: [String: FileReport] = [:]
    /// The path of the containerlab topology.
    var topologyPath: String?
    /// The files that are read already.
    var done: Set<String> = []
    /// The folders of Helm charts, each with a slash at its end; the lab's own is empty.
    private let charts: [String]

    /// The most bytes of one file that are read.
    static let maximumBytes = 16 << 20

    /// Whether the lab has the networks that kind and containerlab bring.
    private let hasToolNetworks: Bool

    init(_ files: FolderFiles, hasToolNetworks: Bool = true) {
        self.files = files
        self.hasToolNetworks = hasToolNetworks
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
        guard diagnostics.errors.isEmpty else { return }
        readKind()
        if hasToolNetworks {
            documents.networks = ToolNetworks(
                documents.containerlab, documents.kind, cluster: documents.clusterName, &diagnostics)
        }
        readBinds()
        readStartupConfigurations()
        for path in files.all where !done.contains(path) && isYAML(path) { readManifests(path) }
        if documents.containerlab == nil, documents.kind == nil, diagnostics.errors.isEmpty {
            diagnostics.error(
                at: SourceLine(file: files.name, line: 1),
                "there is neither a containerlab topology (*.clab.yaml) nor a cluster of kind (kind: Cluster) in this folder"
            )
        }
        readScripts()
        for path in files.paths where reports[path] == nil {
            note(
                path,
                ignored: isOfChart(path) ? "part of a Helm chart, and charts are not rendered" : "not a recognised file"
            )
        }
    }

    func isYAML(_ path: String) -> Bool {
        // containerlab's own state of a lab that runs, and hidden folders.
        let folders = path.split(separator: "/").dropLast()
        if folders.contains(where: { $0.hasPrefix("clab-") || $0.hasPrefix(".") }) { return false }
        if isOfChart(path) { return false }
        return path.hasSuffix(".yaml") || path.hasSuffix(".yml") || path.hasSuffix(".json")
    }

    /// Whether a file belongs to a Helm chart, whose files are templates and not documents (helm.sh/docs/topics/charts). In a
    /// lab folder that is a chart itself, the files beside the chart's own are the lab's.
    func isOfChart(_ path: String) -> Bool {
        charts.contains { chart in
            if !chart.isEmpty { return path.hasPrefix(chart) }
            return ["templates/", "charts/", "crds/"].contains(where: path.hasPrefix)
                || ["Chart.yaml", "values.yaml", "values.schema.json"].contains(path)
        }
    }

    mutating func bytes(_ path: String, quietly: Bool = false) -> [UInt8]? {
        do {
            let bytes = try files.bytes(path)
            guard bytes.count <= Self.maximumBytes else {
                if !quietly {
                    diagnostics.error(
                        at: SourceLine(file: path, line: 1),
                        "the file has more than \(Self.maximumBytes >> 20) MiB; a lab needs less (--exclude drops it)")
                }
                return nil
            }
            return bytes
        } catch {
            if !quietly { diagnostics.error(at: SourceLine(file: path, line: 1), "\(error)") }
            return nil
        }
    }

    mutating func compose(_ path: String) -> [Field] {
        done.insert(path)
        guard let bytes = bytes(path) else { return [] }
        return YAMLDocument.documents(of: bytes).compactMap { $0.read(of: path, &diagnostics) }
    }

    mutating func note(_ path: String, taken: String? = nil, ignored: String? = nil) {
        var report = reports[path] ?? FileReport(path: path)
        if let taken { report.taken.append(taken) }
        if let ignored, !report.ignored.contains(ignored) { report.ignored.append(ignored) }
        reports[path] = report
    }
}
