import GoTemplates
import Topology
import YAML

/// Finding and reading the containerlab topology, and the files that it names.
extension FolderReader {
    private static func isTopology(_ path: String) -> Bool {
        path.hasSuffix(".clab.yaml") || path.hasSuffix(".clab.yml")
    }

    mutating func readTopology() {
        var candidates = topologies
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
            diagnostics.error(
                at: SourceLine(file: candidates[1], line: 1),
                "there are several topologies (\(candidates.joined(separator: ", "))); a lab is one: name it "
                    + "instead of the folder")
            return
        }
        guard let root = compose(path).first else {
            if diagnostics.errors.isEmpty {
                diagnostics.error(at: SourceLine(file: path, line: 1), "the topology is empty")
            }
            return
        }
        let topology = ContainerlabTopology(root, &diagnostics)
        documents.containerlab = topology
        topologyPath = path
        note(path, taken: "containerlab topology: \(topology.nodes.count) nodes, \(topology.links.count) links")
    }

    /// The files that may be the lab's topology.
    private var topologies: [String] {
        if let topology = files.topology { return [topology] }
        let named = files.all.filter { Self.isTopology($0) && isYAML($0) }
        if !named.isEmpty { return named }
        return files.all.filter { path in
            // What cannot be read is none, and told where it is wanted.
            isYAML(path) && (try? files.bytes(path)).map(LabFolder.isTopology) ?? false
        }
    }

    mutating func readStartupConfigurations() {
        for (index, node) in (documents.containerlab?.nodes ?? []).enumerated() where node.kind == "arista_ceos" {
            if let inline = node.inlineConfig {
                documents.configurations[node.name] = configuration(
                    inline.value, of: node, at: index, file: inline.place.file, firstLine: inline.place.line + 1)
                continue
            }
            guard var written = node.startupConfig else { continue }
            written.value = named(written.value, node)
            guard let path = resolve(written, of: node.name), let bytes = bytes(path) else { continue }
            done.insert(path)
            guard bytes.count <= YAMLDocument.maximumBytes else {
                diagnostics.error(at: SourceLine(file: path, line: 1), "a startup configuration has 1 MiB at most")
                continue
            }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                diagnostics.error(at: SourceLine(file: path, line: 1), "this is not UTF-8 text; save the file as UTF-8")
                continue
            }
            let configuration = configuration(text.withoutByteOrderMarks, of: node, at: index, file: path)
            documents.configurations[node.name] = configuration
            note(
                path,
                taken: "EOS configuration of \(node.name): \(configuration.interfaces.count) interfaces, "
                    + "\(configuration.vlans.count) VLANs, \(configuration.routes.count) static routes")
        }
    }

    /// A startup configuration, rendered where it is a template.
    private mutating func configuration(
        _ text: String, of node: ContainerlabTopology.Node, at index: Int, file: String, firstLine: Int = 1
    ) -> EOSConfiguration {
        guard GoTemplate.isNeeded(for: text) else { return EOSConfiguration(text, file: file, firstLine: firstLine) }
        do throws(GoTemplate.Problem) {
            let data = node.templateData(
                lab: documents.containerlab?.name?.value ?? "", index: index,
                management: documents.networks.managementAddresses(of: node.name))
            let rendered = try GoTemplate(text).rendered(data, functions: .containerlab)
            return EOSConfiguration(rendered.text, file: file, lines: rendered.lines.map { $0 + firstLine - 1 })
        } catch {
            diagnostics.warn(
                at: SourceLine(file: file, line: error.line + firstLine - 1),
                "the template cannot be rendered for \(node.name): \(error.sentence); it is read without the lines that have braces"
            )
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
                $0.contains("{{") ? "!" : $0
            }
            return EOSConfiguration(lines.joined(separator: "\n"), file: file, firstLine: firstLine)
        }
    }

    /// The file that a topology's path leads to.
    mutating func resolve(_ written: Located<String>, of node: String) -> String? {
        let path = FieldPath()["topology"]["nodes"][node]["startup-config"]
        guard let resolved = files.resolve(written.value, from: written.place.file) else {
            diagnostics.error(
                at: written.place, path: path,
                "\(written.value) is outside of the folder; copy it into the folder, or name it with --file")
            return nil
        }
        guard files.contains(resolved) else {
            diagnostics.error(at: written.place, path: path, "there is no file \(resolved)")
            return nil
        }
        return resolved
    }
}
