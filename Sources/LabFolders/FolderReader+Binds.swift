import Topology

/// What nodes see of the machine's files: in a containerlab topology by `binds`, SOURCE:TARGET[:ro], in a cluster of kind by
/// `extraMounts`.
extension FolderReader {
    /// Where cEOS keeps its startup configuration.
    private static let startupConfiguration = "/mnt/flash/startup-config"

    mutating func readBinds() {
        for (index, node) in (documents.containerlab?.nodes ?? []).enumerated() {
            var binds: [Bind] = []
            for var written in node.binds {
                written.value = named(written.value, node)
                guard let bind = bind(written, of: node.name) else { continue }
                if let path = startupConfiguration(in: bind, written), node.kind == "arista_ceos",
                    node.startupConfig == nil, node.inlineConfig == nil
                {
                    // It is read as one that the topology names.
                    documents.containerlab?.nodes[index].startupConfig = Located(path, at: written.place)
                }
                // Of two at one place, the last one is seen.
                binds.removeAll { $0.target == bind.target }
                binds.append(bind)
            }
            take(binds, of: node.name, at: node.binds.first?.place)
        }
        let names = documents.kind?.nodeNames(cluster: documents.clusterName) ?? []
        for (name, node) in zip(names, documents.kind?.nodes ?? []) {
            var binds = documents.binds[name] ?? []
            for mount in node.mounts {
                guard let bind = bind(mount.source, mount.target, mount.isReadOnly, of: name, at: mount.place) else {
                    continue
                }
                binds.removeAll { $0.target == bind.target }
                binds.append(bind)
            }
            take(binds, of: name, at: node.mounts.first?.place)
        }
    }

    /// The path of the startup configuration that a bind shows, as the topology would name it; nil if it shows none.
    private func startupConfiguration(in bind: Bind, _ written: Located<String>) -> String? {
        let source = String(written.value.prefix { $0 != ":" })
        let target = bind.target.split(separator: "/"), place = Self.startupConfiguration.split(separator: "/")
        guard place.starts(with: target) else { return nil }
        let rest = place.dropFirst(target.count)
        guard !rest.isEmpty else { return source }
        guard files.contains((bind.path.split(separator: "/") + rest).joined(separator: "/")) else { return nil }
        return ([source] + rest.map(String.init)).joined(separator: "/")
    }

    private mutating func take(_ binds: [Bind], of node: String, at place: SourceLine?) {
        if binds.count > Bind.maximumCount, let place {
            diagnostics.warn(
                at: place, "\(node) has more than \(Bind.maximumCount) binds; the others are left out")
        }
        documents.binds[node] = Array(binds.prefix(Bind.maximumCount))
    }

    /// A path with what containerlab puts in the place of its own words (`pkg/core` in containerlab, "Bind mounts").
    func named(_ path: String, _ node: ContainerlabTopology.Node) -> String {
        let directory = "clab-\(documents.containerlab?.name?.value ?? "")"
        return path.replacing("__clabNodeDir__", with: "\(directory)/\(node.name)")
            .replacing("__clabNodeName__", with: node.name).replacing("__clabDir__", with: directory)
    }

    private mutating func bind(_ written: Located<String>, of node: String) -> Bind? {
        let parts = written.value.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count), !parts[0].isEmpty else {
            diagnostics.warn(
                at: written.place,
                "\(node): \"\(written.value)\" is no bind of a file or directory, such as setup.sh:/setup.sh:ro; it is left out"
            )
            return nil
        }
        let options = parts.dropFirst(2).first?.split(separator: ",") ?? []
        return bind(parts[0], parts[1], options.contains("ro"), of: node, at: written.place)
    }

    private mutating func bind(
        _ path: String, _ target: String, _ isReadOnly: Bool, of node: String, at place: SourceLine
    ) -> Bind? {
        guard let source = files.source(ofBind: path, from: place.file) else {
            diagnostics.warn(
                at: place,
                "\(node): \(path) is outside of the folder, and left out; --allow-bind DIRECTORY lets nodes read what is below one"
            )
            return nil
        }
        guard source.isOutside || files.exists(source.path) else {
            diagnostics.warn(at: place, "\(node): there is no file \(path) in the folder; the bind is left out")
            return nil
        }
        let bind = Bind(
            directory: source.directory, path: source.path, target: target,
            isReadOnly: source.isOutside || isReadOnly)
        if let fault = bind.fault {
            diagnostics.warn(at: place, "\(node): \(fault); the bind is left out")
            return nil
        }
        if files.contains(bind.path), !source.isOutside { note(bind.path, taken: "seen at \(bind.target) in \(node)") }
        return bind
    }
}
