import ClusterObjects
import YAML

/// `calicoctl`: what Calico would have stored of a lab.
struct Calicoctl {
    let labs: LabDirectory

    /// The flags that every command takes.
    private static func flags(_ switches: Set<String> = [], _ values: Set<String> = []) -> FlagSet {
        FlagSet(
            switches: switches.union(["allow-version-mismatch", "export", "help"]),
            values: values.union(["config", "context", "log-level", "kubeconfig"]),
            letters: [
                "c": "config", "l": "log-level", "o": "output", "n": "namespace", "a": "all-namespaces",
                "A": "all-namespaces", "h": "help",
            ])
    }

    private static let get = flags(["all-namespaces"], ["namespace", "output"])
    private static let show = flags(["show-blocks", "show-borrowed", "show-configuration"], ["ip"])
    private static let check = flags(["show-all-ips", "show-problem-ips"], ["output"])

    func answer(_ words: [String]) throws -> AppletAnswer {
        // Those that come before the command.
        var leading = Self.flags(["version"], [])
        leading.endsAtArgument = true
        // What is no flag known here may be one of the real program's, which says so if it is not.
        guard let parsed = try? leading.parse(words, for: "calicoctl"), let command = parsed.arguments.first else {
            return real(words, "nslab answers calicoctl get, ipam show, ipam check, node status and version")
        }
        let rest = Array(parsed.arguments.dropFirst())
        let name = ([command] + rest.prefix { !$0.hasPrefix("-") }.prefix(1)).joined(separator: " ")
        switch (command, rest.first) {
        case ("get", _): return try inLab(words) { try get(Array(rest), $0) }
        case ("version", _): return try inLab(words) { try version($0) }
        case ("ipam", "show"?): return try inLab(words) { try show(Array(rest.dropFirst()), $0) }
        case ("ipam", "check"?): return try inLab(words) { try check(Array(rest.dropFirst()), $0) }
        case ("node", "status"?): return try inLab(words) { _ in Self.status }
        default:
            return real(words, "a lab's Calico is for reading, and nslab does not answer calicoctl \(name)".trimmed)
        }
    }

    private func real(_ words: [String], _ lack: String) -> AppletAnswer { .program(words: words, lack: lack) }

    // MARK: The lab

    /// Answers from the lab that is meant: the named one, that of the kubeconfig, or the only one with a cluster.
    private func inLab(_ words: [String], _ body: (String) throws -> String) throws -> AppletAnswer {
        let names = Set(try labs.machines().filter { $0.cluster != nil }.map(\.lab)).sorted()
        if names.isEmpty { return real(words, "no running lab has a cluster") }
        let configured = labs.environment["KUBECONFIG"].flatMap { path in
            names.first { path == "/run/nslab/\($0)/kubeconfig" }
        }
        if let configured { return .text(try body(configured)) }
        guard names.count == 1 else {
            throw AppletError(
                "labs \(names.joined(separator: ", ")) have clusters; set NSLAB_LAB or KUBECONFIG (nslab env LAB)",
                status: 2)
        }
        return .text(try body(names[0]))
    }

    private func objects(_ lab: String) throws -> CalicoView { CalicoView(try labs.objects(lab)) }

    // MARK: get

    private func get(_ rest: [String], _ lab: String) throws -> String {
        let parsed = try Self.get.parse(rest, for: "calicoctl get")
        guard let written = parsed.arguments.first else {
            throw AppletError.usage(
                "calicoctl get takes a kind: calicoctl get \(CalicoKind.all.map { $0.names[1] }.joined(separator: "|"))"
            )
        }
        let (word, inline) = Self.split(written)
        guard let kind = CalicoKind.named(word) else {
            throw AppletError(
                "resource type '\(word)' is not supported; there are \(CalicoKind.all.map { $0.names[1] }.joined(separator: ", "))"
            )
        }
        let names = inline + parsed.arguments.dropFirst()
        let isOfAll = parsed.has("all-namespaces")
        let namespace = kind.isNamespaced && !isOfAll ? parsed.value("namespace") ?? "default" : nil
        let store = try objects(lab)
        var found = store.objects(ofKind: kind.kind).filter { object in
            namespace == nil || object["metadata"]["namespace"].text == namespace
        }
        if !names.isEmpty {
            found = try names.map { name in
                guard let object = found.first(where: { $0["metadata"]["name"].text == name }) else {
                    throw AppletError(
                        "Failed to get resources: resource does not exist: \(kind.kind)(\(namespace.map { "\($0)/" } ?? "")\(name)) with error: not found"
                    )
                }
                return object
            }
        }
        switch parsed.value("output") {
        case nil, "ps"?, "wide"?:
            let isWide = parsed.value("output") == "wide"
            return table(kind, found, store, columns: isWide ? kind.wideColumns : kind.columns, withNamespaces: isOfAll)
        case "yaml"?: return YAMLWriter.document(YAMLValue(sorted: document(kind, found, isList: names.count != 1)))
        case "json"?: return document(kind, found, isList: names.count != 1).indented(by: 2) + "\n"
        case "name"?: return found.map { "\(kind.names[0])/\($0["metadata"]["name"].text ?? "")\n" }.joined()
        case let output? where output.hasPrefix("custom-columns="):
            let columns = output.dropFirst("custom-columns=".count).split(separator: ",").map(String.init)
            if let unknown = columns.first(where: { kind.cells[$0] == nil }) {
                throw AppletError(
                    "\(kind.kind) has no column \(unknown); it has \(kind.cells.keys.sorted().joined(separator: ", "))")
            }
            return table(kind, found, store, columns: columns, withNamespaces: false)
        case let output?:
            throw AppletError.usage(
                "calicoctl get: -o takes ps, wide, yaml, json, name or custom-columns=NAME,…, and not \(output)")
        }
    }

    /// A kind and a name in one word: `node/worker`.
    private static func split(_ word: String) -> (kind: String, names: [String]) {
        let parts = word.split(separator: "/", maxSplits: 1).map(String.init)
        return (parts.first ?? "", parts.count > 1 ? [parts[1]] : [])
    }

    private func table(
        _ kind: CalicoKind, _ objects: [JSON], _ store: CalicoView, columns: [String], withNamespaces: Bool
    ) -> String {
        let hasNamespaces = withNamespaces && kind.isNamespaced
        var table = TextTable((hasNamespaces ? ["NAMESPACE"] : []) + columns)
        for object in objects {
            let cells = columns.map { kind.cells[$0]?(object, store) ?? "" }
            table.add((hasNamespaces ? [object["metadata"]["namespace"].text ?? ""] : []) + cells)
        }
        return table.aligned(minimum: 5, endsWithTab: true) + "\n"
    }

    private func document(_ kind: CalicoKind, _ objects: [JSON], isList: Bool) -> JSON {
        guard isList else { return objects.first ?? .null }
        return [
            "kind": .string(kind.kind + "List"), "apiVersion": .string(CalicoView.apiVersion),
            "metadata": ["resourceVersion": "1"],
            "items": .array(objects),
        ]
    }

    // MARK: ipam, node, version

    private func show(_ rest: [String], _ lab: String) throws -> String {
        let parsed = try Self.show.parse(rest, for: "calicoctl ipam show")
        let usage = CalicoIPAM(try objects(lab))
        if let address = parsed.value("ip") { return try usage.text(of: address) }
        if parsed.has("show-borrowed") { return usage.borrowed }
        if parsed.has("show-configuration") { return usage.configuration }
        return usage.table(withBlocks: parsed.has("show-blocks"))
    }

    private func check(_ rest: [String], _ lab: String) throws -> String {
        let parsed = try Self.check.parse(rest, for: "calicoctl ipam check")
        if parsed.value("output") != nil {
            throw AppletError.usage(
                "calicoctl ipam check: a lab's addresses cannot leak, and no report of them is written (-o)")
        }
        return CalicoIPAM(try objects(lab)).check(
            tellingAll: parsed.has("show-all-ips"), tellingProblems: parsed.has("show-problem-ips"))
    }

    /// As where calico-node runs with BGP's daemons off: a lab has the routes that they would have made, and no daemons.
    private static let status =
        "Calico process is running.\n\nNone of the BGP backend processes (BIRD or GoBGP) are running.\n\n"

    private func version(_ lab: String) throws -> String {
        let spec = try objects(lab).stored("ClusterInformation").first?["spec"] ?? .null
        let version = spec["calicoVersion"].text ?? "unknown"
        return "Client Version:    \(version)\nGit commit:        nslab\nCluster Version:   \(version)\n"
            + "Cluster Type:      \(spec["clusterType"].text ?? "unknown")\n"
    }
}

extension YAMLValue {
    /// A JSON value, the names of its objects sorted, as calicoctl and kubectl print it.
    init(sorted json: JSON) {
        let content: Content =
            switch json {
            case .null: .scalar("null", isPlain: true)
            case .bool(let value): .scalar("\(value)", isPlain: true)
            case .integer(let number): .scalar("\(number)", isPlain: true)
            case .number(let text): .scalar(text, isPlain: true)
            case .string(let text): .scalar(text, isPlain: false)
            case .array(let items): .sequence(items.map { YAMLValue(sorted: $0) })
            case .object(let members):
                .mapping(
                    members.entries.sorted { $0.name < $1.name }.map {
                        Entry(key: YAMLValue(.scalar($0.name, isPlain: false)), value: YAMLValue(sorted: $0.value))
                    })
            }
        self.init(content)
    }
}
