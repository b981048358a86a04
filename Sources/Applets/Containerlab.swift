import ClusterObjects

/// `containerlab`: labs by their topology.
struct Containerlab {
    let labs: LabDirectory

    private static let global = (
        switches: ["debug"] as Set,
        values: ["log-level", "name", "owner", "runtime", "timeout", "topo", "vars"] as Set,
        letters: ["d": "debug", "r": "runtime", "t": "topo"] as [Character: String]
    )

    private static func flags(
        _ switches: Set<String> = [], _ values: Set<String> = [], _ letters: [Character: String] = [:]
    ) -> FlagSet {
        FlagSet(
            switches: switches.union(global.switches), values: values.union(global.values),
            letters: letters.merging(global.letters) { own, _ in own })
    }

    private static let deploy = flags(
        ["graph", "reconfigure", "skip-labdir-acl", "skip-post-deploy", "dump-scripts"],
        ["export-template", "format", "ipv4-subnet", "ipv6-subnet", "max-workers", "network", "node-filter"],
        ["c": "reconfigure", "f": "format", "g": "graph", "4": "ipv4-subnet", "6": "ipv6-subnet"])
    private static let destroy = flags(
        ["all", "cleanup", "graceful", "keep-mgmt-net", "yes"], ["max-workers", "node-filter"],
        ["a": "all", "c": "cleanup", "y": "yes"])
    private static let inspect = flags(
        ["all", "details", "wide"], ["format"], ["a": "all", "f": "format", "w": "wide"])
    private static let exec = flags([], ["cmd", "format", "label"], ["f": "format"])
    private static let graph = flags(
        ["dot", "drawio", "mermaid", "offline"], ["mermaid-direction", "srv", "template"],
        ["o": "offline", "s": "srv"])

    func answer(_ words: [String]) throws -> AppletAnswer {
        // Flags of all commands may come before the command; those before it have their values with them.
        let any = Self.flags()
        var leading = any
        leading.endsAtArgument = true
        // What is no flag known here may be one of the real program's, which says so if it is not.
        guard let parsed = try? leading.parse(words, for: "containerlab"), let command = parsed.arguments.first else {
            return real(words)
        }
        let before = words.dropLast(parsed.arguments.count)
        let rest = Array(before) + parsed.arguments.dropFirst()
        switch command {
        case "deploy", "dep": return try deploy(rest)
        case "redeploy", "rdep": return try deploy(rest + ["--reconfigure"])
        case "destroy", "des": return try destroy(rest, words)
        case "inspect", "ins", "i": return try inspect(rest, words)
        case "exec": return try execute(rest, words)
        case "graph": return try graph(rest, words)
        default: return real(words, "nslab does not answer containerlab \(command)")
        }
    }

    private func real(_ words: [String], _ lack: String = "nslab does not answer this") -> AppletAnswer {
        .program(words: words, lack: lack)
    }

    // MARK: The lab

    /// The topology's file: the one that is named, or that of the folder.
    private func topology(_ parsed: FlagSet.Parsed) -> (name: String, file: String)? {
        let path = parsed.value("topo") ?? parsed.arguments.first ?? "."
        guard let found = labs.topologyName(path) else { return nil }
        return (parsed.value("name") ?? found.name, found.file)
    }

    /// The running lab that is meant; nil for none.
    private func lab(_ parsed: FlagSet.Parsed, among all: [(name: String, file: String?)]) throws -> String? {
        if parsed.value("topo") == nil, let name = parsed.value("name") {
            return all.first { $0.name == name }?.name
        }
        guard let topology = topology(parsed) else {
            if let path = parsed.value("topo") {
                throw AppletError.usage("\(path): there is no containerlab topology there")
            }
            return all.count == 1 ? all[0].name : nil
        }
        let same = all.filter { $0.file == topology.file }.map(\.name)
        return all.first { $0.name == topology.name }?.name ?? same.first
    }

    private func runningLabs() throws -> [(name: String, file: String?)] {
        try labs.labs().map { ($0.name, $0.topologyFile) }
    }

    // MARK: deploy, destroy

    private func deploy(_ rest: [String]) throws -> AppletAnswer {
        let parsed = try Self.deploy.parse(rest, for: "containerlab deploy")
        if parsed.value("node-filter") != nil {
            throw AppletError.usage(
                "containerlab deploy: nslab brings up all nodes of a topology, and takes no --node-filter")
        }
        guard let topology = topology(parsed) else {
            throw AppletError.usage(
                "containerlab deploy: \(parsed.value("topo") ?? "this folder") has no topology, or more than one; name its file: -t FILE.clab.yaml"
            )
        }
        var up = ["up", topology.file, "--no-probe", "-q"]
        if let name = parsed.value("name") { up += ["--name", name] }
        let commands = parsed.has("reconfigure") ? [["down", "-q", topology.name], up] : [up]
        var then = ["inspect", "--name", topology.name]
        if let format = parsed.value("format") { then += ["--format", format] }
        return .commands(commands, then: then)
    }

    private func destroy(_ rest: [String], _ words: [String]) throws -> AppletAnswer {
        let parsed = try Self.destroy.parse(rest, for: "containerlab destroy")
        if parsed.value("node-filter") != nil {
            throw AppletError.usage("containerlab destroy: a lab goes as a whole, and takes no --node-filter")
        }
        if parsed.has("all") {
            let names = try labs.labs().filter(\.isOfContainerlab).map(\.name)
            return names.isEmpty
                ? real(words, "no lab of a containerlab topology is running") : .commands([["down"] + names], then: nil)
        }
        guard let name = try lab(parsed, among: runningLabs()) else {
            return real(words, "no lab of this topology is running")
        }
        return .commands([["down", name]], then: nil)
    }

    // MARK: inspect

    private func inspect(_ rest: [String], _ words: [String]) throws -> AppletAnswer {
        let parsed = try Self.inspect.parse(rest, for: "containerlab inspect")
        let format = parsed.has("details") ? "json" : parsed.value("format") ?? "table"
        guard ["table", "json", "csv"].contains(format) else {
            throw AppletError.usage("containerlab inspect: --format takes table, json or csv, and not \(format)")
        }
        if parsed.arguments.first == "interfaces" || parsed.arguments.first == "int" {
            return real(words, "nslab does not answer containerlab inspect interfaces; nslab inspect shows a lab")
        }
        let all = try labs.labs()
        let wanted: [RunningLabFacts]
        if parsed.has("all") {
            wanted = all
        } else {
            let name = try lab(parsed, among: all.map { ($0.name, $0.topologyFile) })
            wanted = all.filter { $0.name == name }
        }
        let machines = wanted.sorted { $0.name < $1.name }.flatMap { lab in
            lab.machines.sorted { $0.machine.name < $1.machine.name }.map { (lab, $0) }
        }
        guard !machines.isEmpty else { return real(words, "no containers found") }
        switch format {
        case "json": return .text(Self.json(machines).indented(by: 2) + "\n")
        case "csv": return .text(csv(machines))
        default: return .text(table(machines, isWide: parsed.has("wide"), isOfAll: parsed.has("all")))
        }
    }

    private func table(
        _ machines: [(RunningLabFacts, MachineFacts)], isWide: Bool, isOfAll: Bool
    ) -> String {
        let joint = isWide ? " " : "\n"
        var heads = ["Name", "Kind/Image", "State", "IPv4/6 Address"]
        if isWide { heads.insert("Owner", at: 0) }
        if isOfAll { heads = ["Topology", "Lab Name"] + heads }
        var table = TextTable(heads)
        for (lab, facts) in machines {
            let machine = facts.machine
            let addresses = [facts.attachments.first?.ipv4, facts.attachments.first?.ipv6].map {
                $0?.address.description ?? "N/A"
            }
            var cells = [
                machine.name, "\(machine.kind)\(joint)\(machine.image)",
                "\(facts.isRunning ? "running" : "exited")\(joint)",
                addresses.joined(separator: joint),
            ]
            if isWide { cells.insert("", at: 0) }
            if isOfAll { cells = [lab.topologyFile ?? "", lab.name] + cells }
            table.add(cells)
        }
        return table.rounded
    }

    /// A machine's addresses with their lengths, each in the form that containerlab has for none.
    private static func addresses(_ facts: MachineFacts) -> (ipv4: String, ipv6: String) {
        let attachment = facts.attachments.first
        return (attachment?.ipv4?.description ?? "N/A", attachment?.ipv6?.description ?? "N/A")
    }

    /// What is told of a machine, in order (`ContainerDetails` in containerlab's types/types.go).
    private static func details(_ lab: RunningLabFacts, _ facts: MachineFacts) -> [(name: String, text: String)] {
        let machine = facts.machine
        let (ipv4, ipv6) = addresses(facts)
        return [
            ("lab_name", lab.name), ("labPath", lab.topologyFile ?? ""), ("absLabPath", lab.topologyFile ?? ""),
            ("name", machine.name), ("container_id", machine.shortID), ("image", machine.image),
            ("kind", machine.kind), ("state", facts.isRunning ? "running" : "exited"),
            ("status", facts.isRunning ? "Up" : "Exited"), ("ipv4_address", ipv4), ("ipv6_address", ipv6),
            ("owner", ""),
        ]
    }

    private static func json(_ machines: [(RunningLabFacts, MachineFacts)]) -> JSON {
        var labs = JSON.object(JSON.Members())
        for (lab, facts) in machines {
            var members = JSON.Members()
            for (name, text) in details(lab, facts) { members[name] = .string(text) }
            labs[lab.name] = .array(labs[lab.name].items + [.object(members)])
        }
        return labs
    }

    private func csv(_ machines: [(RunningLabFacts, MachineFacts)]) -> String {
        let lines = machines.map { lab, facts in Self.details(lab, facts).map(\.text).joined(separator: ",") + "\n" }
        return "lab_name,labPath,absLabPath,name,container_id,image,kind,state,status,ipv4_address,ipv6_address,owner\n"
            + lines.joined()
    }

    // MARK: exec, graph

    private func execute(_ rest: [String], _ words: [String]) throws -> AppletAnswer {
        let parsed = try Self.exec.parse(rest, for: "containerlab exec")
        guard !parsed.all("cmd").isEmpty else {
            throw AppletError.usage("containerlab exec takes a command: containerlab exec -t FILE --cmd 'ip route'")
        }
        let all = try labs.labs()
        guard let name = try lab(parsed, among: all.map { ($0.name, $0.topologyFile) }),
            let lab = all.first(where: { $0.name == name })
        else { return real(words, "no lab of this topology is running") }
        var machines = lab.machines.map(\.machine)
        for label in parsed.all("label") {
            let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            machines = machines.filter { machine in
                let value = machine.labels(of: lab)[parts[0]]
                return parts.count == 1 ? value != nil : value == parts[1]
            }
        }
        return .executions(
            machines.flatMap { machine in
                parsed.all("cmd").map { Execution(machine, ["sh", "-c", $0], hasInput: false) }
            })
    }

    private func graph(_ rest: [String], _ words: [String]) throws -> AppletAnswer {
        let parsed = try Self.graph.parse(rest, for: "containerlab graph")
        guard parsed.has("mermaid") || parsed.has("dot") else {
            return real(words, "nslab draws with containerlab graph --mermaid or --dot; it serves no pages")
        }
        let all = try labs.labs()
        guard let name = try lab(parsed, among: all.map { ($0.name, $0.topologyFile) }),
            let lab = all.first(where: { $0.name == name })
        else { return real(words, "no lab of this topology is running") }
        let nodes = Dictionary(
            lab.machines.map { ($0.machine.host, $0.machine.node) }, uniquingKeysWith: { first, _ in first })
        let cables = lab.cables.compactMap { cable in
            nodes[cable.host].flatMap { first in nodes[cable.peer].map { (first, $0, cable) } }
        }
        if parsed.has("dot") {
            let lines = cables.map { first, second, cable in
                "  \"\(first)\" -- \"\(second)\" [taillabel=\"\(cable.interface)\", headlabel=\"\(cable.peerInterface)\"];\n"
            }
            return .file(
                path: "clab-\(name)/graph/\(name).dot",
                content: "graph \"\(name)\" {\n" + nodes.values.sorted().map { "  \"\($0)\";\n" }.joined()
                    + lines.joined() + "}\n")
        }
        let lines = cables.map { first, second, cable in
            "  \(first) ---|\"\(cable.interface) – \(cable.peerInterface)\"| \(second)\n"
        }
        return .file(
            path: "clab-\(name)/graph/\(name).mermaid",
            content: "---\ntitle: \(name)\n---\ngraph \(parsed.value("mermaid-direction") ?? "TD")\n" + lines.joined())
    }
}
