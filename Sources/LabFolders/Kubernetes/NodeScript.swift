import Topology

/// The labels and taints that a script gives to nodes: its lines `kubectl label node …` and `kubectl taint node …`, as
/// far as they say them outright.
struct NodeScript {
    /// By node.
    private(set) var labels: [String: [String: String]] = [:]
    /// The nodes that lose the control plane's taint; `*` for all.
    private(set) var untainted: Set<String> = []

    /// Whether it says nothing of nodes.
    var isEmpty: Bool { labels.isEmpty && untainted.isEmpty }

    init(_ text: String, nodes: Set<String>) {
        for line in text.split(whereSeparator: \.isNewline) {
            guard let command = try? CommandWords(line), command.words.count >= 4 else { continue }
            // Options may stand anywhere, and some have their value in the next word.
            let words = command.words.drop { !$0.hasSuffix("kubectl") }.drop { $0 != "label" && $0 != "taint" }
                .filter { !$0.hasPrefix("-") || $0 == "--all" }
            guard words.count >= 3, ["node", "nodes", "no"].contains(words[1]) else { continue }
            let rest = words.dropFirst(2)
            let named = rest.contains("--all") ? nodes : Set(rest.filter(nodes.contains))
            switch words[0] {
            case "label":
                for word in rest where !nodes.contains(word) {
                    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                    guard parts.count == 2 else { continue }
                    for node in named { labels[node, default: [:]][String(parts[0])] = String(parts[1]) }
                }
            case "taint":
                let isTaken = rest.contains {
                    $0.hasPrefix("node-role.kubernetes.io/control-plane") && $0.hasSuffix("-")
                }
                if isTaken { untainted.formUnion(named) }
            default: break
            }
        }
    }
}
