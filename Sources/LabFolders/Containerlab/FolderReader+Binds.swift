import Topology

/// What nodes of a containerlab topology see of the machine's files (`binds`: SOURCE:TARGET[:ro]).
extension FolderReader {
    /// Where cEOS keeps its startup configuration.
    private static let startupConfiguration = "/mnt/flash/startup-config"

    mutating func readBinds() {
        for (index, node) in (documents.containerlab?.nodes ?? []).enumerated() {
            var binds: [Bind] = []
            for written in node.binds {
                guard let bind = bind(written, of: node.name) else { continue }
                if node.kind == "arista_ceos", bind.target == Self.startupConfiguration, node.startupConfig == nil,
                    node.inlineConfig == nil
                {
                    // It is read as one that the topology names.
                    let source = String(written.value.prefix { $0 != ":" })
                    documents.containerlab?.nodes[index].startupConfig = Located(source, at: written.place)
                }
                // Of two at one place, the last one is seen.
                binds.removeAll { $0.target == bind.target }
                binds.append(bind)
            }
            if binds.count > Bind.maximumCount, let place = node.binds.first?.place {
                diagnostics.warn(
                    at: place, "\(node.name) has more than \(Bind.maximumCount) binds; the others are left out")
                binds.removeLast(binds.count - Bind.maximumCount)
            }
            documents.binds[node.name] = binds
        }
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
        guard let source = files.source(ofBind: parts[0], from: written.place.file) else {
            diagnostics.warn(
                at: written.place,
                "\(node): \(parts[0]) is outside of the folder, and left out; --allow-bind DIRECTORY lets nodes read what is below one"
            )
            return nil
        }
        guard source.isOutside || files.exists(source.path) else {
            diagnostics.warn(
                at: written.place, "\(node): there is no file \(parts[0]) in the folder; the bind is left out")
            return nil
        }
        let options = parts.dropFirst(2).first?.split(separator: ",") ?? []
        let bind = Bind(
            directory: source.directory, path: source.path, target: parts[1],
            isReadOnly: source.isOutside || options.contains("ro"))
        if let fault = bind.fault {
            diagnostics.warn(at: written.place, "\(node): \(fault); the bind is left out")
            return nil
        }
        if files.contains(bind.path), !source.isOutside { note(bind.path, taken: "seen at \(bind.target) in \(node)") }
        return bind
    }
}
