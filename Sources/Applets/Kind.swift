/// `kind`: the clusters of labs.
struct Kind {
    let labs: LabDirectory

    private static let flags = FlagSet(
        switches: ["all-clusters", "internal", "quiet"],
        values: ["kubeconfig", "loglevel", "name", "nodes", "verbosity"],
        letters: ["A": "all-clusters", "n": "name", "q": "quiet", "v": "verbosity"])

    func answer(_ words: [String]) throws -> AppletAnswer {
        let command = words.filter { !$0.hasPrefix("-") }.prefix(2).joined(separator: " ")
        let rest = words.dropFirst(2)
        switch command {
        case "get clusters": return try clusters(rest, words)
        case "get nodes": return try nodes(rest, words)
        case "get kubeconfig": return try kubeconfig(rest, words)
        case "delete cluster": return try delete(rest, words)
        case "load docker-image", "load image-archive": return try load(rest, words)
        default: return real(words, "nslab does not answer kind \(command)".trimmed)
        }
    }

    private func real(_ words: [String], _ lack: String) -> AppletAnswer { .program(words: words, lack: lack) }

    /// The cluster that is asked for: kind's own name for one, unless another is said (`KIND_CLUSTER_NAME`).
    private func name(_ parsed: FlagSet.Parsed) -> String {
        parsed.value("name") ?? labs.environment["KIND_CLUSTER_NAME"] ?? "kind"
    }

    private func machines(of cluster: String) throws -> [Machine] {
        let all = try labs.machines().filter { $0.cluster == cluster }
        guard Set(all.map(\.lab)).count < 2 else {
            throw AppletError(
                "labs \(Set(all.map(\.lab)).sorted().joined(separator: " and ")) have a cluster \(cluster) each; set NSLAB_LAB to one"
            )
        }
        return all
    }

    private func clusters(_ rest: ArraySlice<String>, _ words: [String]) throws -> AppletAnswer {
        _ = try Self.flags.parse(rest, for: "kind get clusters")
        let names = Set(try labs.machines().compactMap(\.cluster)).sorted()
        guard !names.isEmpty else { return real(words, "No kind clusters found.") }
        return .text(names.map { $0 + "\n" }.joined())
    }

    private func nodes(_ rest: ArraySlice<String>, _ words: [String]) throws -> AppletAnswer {
        let parsed = try Self.flags.parse(rest, for: "kind get nodes")
        let found =
            parsed.has("all-clusters")
            ? try labs.machines().filter { $0.cluster != nil } : try machines(of: name(parsed))
        guard !found.isEmpty else {
            return real(words, "No kind nodes found for cluster \"\(name(parsed))\".")
        }
        return .text(found.map { $0.name + "\n" }.joined())
    }

    private func kubeconfig(_ rest: ArraySlice<String>, _ words: [String]) throws -> AppletAnswer {
        let parsed = try Self.flags.parse(rest, for: "kind get kubeconfig")
        if parsed.has("internal") {
            throw AppletError.usage(
                "kind get kubeconfig: --internal is for Docker's network; the API is on the machine's loopback")
        }
        guard let node = try machines(of: name(parsed)).first else {
            return real(
                words, "could not locate any control plane nodes for cluster named '\(name(parsed))'")
        }
        return .commands([["kubeconfig", node.lab]], then: nil)
    }

    private func delete(_ rest: ArraySlice<String>, _ words: [String]) throws -> AppletAnswer {
        let parsed = try Self.flags.parse(rest, for: "kind delete cluster")
        guard let node = try machines(of: name(parsed)).first else {
            return real(words, "no running lab has a cluster \(name(parsed))")
        }
        return .commands([["down", node.lab]], then: nil)
    }

    /// Nodes need no images.
    private func load(_ rest: ArraySlice<String>, _ words: [String]) throws -> AppletAnswer {
        let parsed = try Self.flags.parse(rest, for: "kind load")
        guard try !machines(of: name(parsed)).isEmpty else {
            return real(words, "no running lab has a cluster \(name(parsed))")
        }
        return .text("")
    }
}
