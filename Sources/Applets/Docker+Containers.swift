import ClusterObjects
import GoTemplates

/// `docker ps` and `docker inspect`.
extension Docker {
    private static let listing = FlagSet(
        switches: ["all", "latest", "no-trunc", "quiet", "size"], values: ["filter", "format", "last"],
        letters: ["a": "all", "l": "latest", "q": "quiet", "s": "size", "f": "filter", "n": "last"])

    private static let containers = DockerFormat(
        columns: [
            .init("ID", "CONTAINER ID"), .init("Image", "IMAGE"), .init("Command", "COMMAND"),
            .init("CreatedAt", "CREATED AT"), .init("RunningFor", "CREATED"), .init("Status", "STATUS"),
            .init("State", "STATE"), .init("Ports", "PORTS"), .init("Names", "NAMES"), .init("Labels", "LABELS"),
            .init("Networks", "NETWORKS"), .init("Mounts", "MOUNTS"), .init("LocalVolumes", "LOCAL VOLUMES"),
            .init("Size", "SIZE"),
        ],
        usual: "{{.ID}}\\t{{.Image}}\\t{{.Command}}\\t{{.RunningFor}}\\t{{.Status}}\\t{{.Ports}}\\t{{.Names}}")

    func list(_ rest: [String]) throws -> String {
        let parsed = try Self.listing.parse(rest, for: "docker ps")
        let filters = try parsed.all("filter").map(ContainerFilter.init)
        var rows: [[String: GoValue]] = []
        for lab in try labs.labs() {
            for facts in lab.machines.sorted(by: { $0.machine.name < $1.machine.name }) {
                guard facts.isRunning || parsed.has("all") else { continue }
                guard ContainerFilter.accept(filters, facts, lab) else { continue }
                rows.append(fields(facts, lab, isWhole: parsed.has("no-trunc")))
            }
        }
        if let count = parsed.has("latest") ? 1 : parsed.value("last").flatMap(Int.init), count >= 0 {
            rows = Array(rows.prefix(count))
        }
        return try Self.containers.text(parsed.value("format"), isQuiet: parsed.has("quiet"), rows: rows)
    }

    private func fields(_ facts: MachineFacts, _ lab: RunningLabFacts, isWhole: Bool) -> [String: GoValue] {
        let machine = facts.machine
        let age = lab.created.humanAge(at: labs.now)
        let labels = machine.labels(of: lab)
        let ports = machine.isControlPlane ? lab.apiPort.map { "127.0.0.1:\($0)->6443/tcp" } ?? "" : ""
        let texts = [
            "ID": isWhole ? machine.id : machine.shortID, "Image": machine.image, "Command": "\"\"",
            "CreatedAt": Self.written(lab.created), "RunningFor": "\(age) ago",
            "Status": facts.isRunning ? "Up \(age)" : "Exited (137) \(age) ago",
            "State": facts.isRunning ? "running" : "exited", "Ports": ports, "Names": machine.name,
            "Labels": labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ","),
            "Networks": facts.attachments.map(\.network).joined(separator: ","), "Mounts": "", "LocalVolumes": "0",
            "Size": "0B",
        ]
        var fields = texts.mapValues { GoValue.text($0) }
        fields["Label"] = .map(labels.mapValues { .text($0) })
        return fields
    }

    /// A time as Go prints one: `2026-01-02 03:04:05 +0000 UTC`.
    static func written(_ time: Timestamp) -> String {
        "\(time)".replacing("T", with: " ").replacing("Z", with: "") + " +0000 UTC"
    }

    // MARK: inspect

    func inspect(_ rest: [String], _ words: [String]) throws -> AppletAnswer {
        let parsed = try FlagSet(
            switches: ["size"], values: ["format", "type"], letters: ["f": "format", "s": "size"]
        ).parse(rest, for: "docker inspect")
        guard !parsed.arguments.isEmpty else {
            throw AppletError.usage("docker inspect takes the names of containers: docker inspect CONTAINER")
        }
        switch parsed.value("type") {
        case nil, "container"?: break
        case "image"?: return try inspectImages(rest)
        case "network"?: return try inspectNetworks(rest, words)
        default: return real(words)
        }
        var documents: [JSON] = []
        for name in parsed.arguments {
            if let machine = try labs.machine(named: name) {
                guard let found = try labs.facts(of: machine) else { continue }
                documents.append(document(found.facts, found.lab))
            } else if let network = try network(named: name) {
                documents.append(network)
            } else {
                return real(words, because: "no running lab has a container or network \(name)")
            }
        }
        return try Self.answer(documents, parsed.value("format"))
    }

    /// Documents as `inspect` prints them: all of them in a list, or a template of each.
    static func answer(_ documents: [JSON], _ format: String?) throws(AppletError) -> AppletAnswer {
        guard let format, format != "json" else {
            return .text(
                (format == nil ? JSON.array(documents).indented(by: 4) : JSON.array(documents).description) + "\n")
        }
        let maps: Set = ["Networks", "Labels", "Ports", "Containers", "Options"]
        var text = ""
        for document in documents {
            do throws(AppletError) {
                text += try DockerFormat.rendered(format, GoValue(document, maps: maps)) + "\n"
            } catch {
                guard format.contains(".State.Pid") else { throw error }
                throw AppletError(
                    "a lab's hosts have no first process, so there is no .State.Pid; docker exec and ip netns exec enter one's network"
                )
            }
        }
        return .text(text)
    }

    private func document(_ facts: MachineFacts, _ lab: RunningLabFacts) -> JSON {
        let machine = facts.machine
        var networks = JSON.object(JSON.Members())
        for attachment in facts.attachments {
            let gateways = lab.networks.first { $0.name == attachment.network }?.gateways ?? []
            networks[attachment.network] = [
                "MacAddress": .string(attachment.mac),
                "NetworkID": .string(lab.networks.first { $0.name == attachment.network }?.id ?? ""),
                "Gateway": .string(gateways.first { $0.family == .ipv4 }?.address.description ?? ""),
                "IPAddress": .string(attachment.ipv4?.address.description ?? ""),
                "IPPrefixLen": .integer(attachment.ipv4?.prefixLength ?? 0),
                "IPv6Gateway": .string(gateways.first { $0.family == .ipv6 }?.address.description ?? ""),
                "GlobalIPv6Address": .string(attachment.ipv6?.address.description ?? ""),
                "GlobalIPv6PrefixLen": .integer(attachment.ipv6?.prefixLength ?? 0),
            ]
        }
        let ports: JSON =
            machine.isControlPlane && lab.apiPort != nil
            ? ["6443/tcp": [["HostIp": "127.0.0.1", "HostPort": .string("\(lab.apiPort ?? 0)")]]]
            : .object(JSON.Members())
        return [
            "Id": .string(machine.id), "Created": .string("\(lab.created)"), "Path": "", "Args": [],
            "State": [
                "Status": facts.isRunning ? "running" : "exited", "Running": .bool(facts.isRunning), "Paused": false,
                "Restarting": false, "OOMKilled": false, "Dead": false, "ExitCode": facts.isRunning ? 0 : 137,
                "Error": "", "StartedAt": .string("\(lab.created)"),
            ],
            "Image": .string(Self.imageID(machine.image)), "Name": .string("/\(machine.name)"), "RestartCount": 0,
            "Driver": "overlay2", "Platform": "linux",
            "HostConfig": [
                "NetworkMode": .string(facts.attachments.first?.network ?? "none"), "Privileged": true,
                "RestartPolicy": ["Name": "no", "MaximumRetryCount": 0],
            ],
            "Mounts": [],
            "Config": [
                "Hostname": .string(facts.hostname), "Image": .string(machine.image), "Env": [], "Cmd": [],
                "Labels": JSON(allTexts: machine.labels(of: lab)),
            ],
            "NetworkSettings": ["Ports": ports, "Networks": networks],
        ]
    }
}

/// A condition of `docker ps --filter`.
private struct ContainerFilter {
    private let key: String
    private let value: String

    init(_ text: String) throws(AppletError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let known = ["id", "name", "label", "status", "ancestor", "network", "health"]
        guard parts.count == 2, known.contains(parts[0]) else {
            throw .usage(
                "docker ps: --filter takes \(known.joined(separator: ", ")), such as name=worker, and not \(text)")
        }
        (key, value) = (parts[0], parts[1])
    }

    /// Whether a machine is asked for: of conditions with one key one has to hold, of labels all.
    static func accept(_ filters: [ContainerFilter], _ facts: MachineFacts, _ lab: RunningLabFacts) -> Bool {
        Dictionary(grouping: filters, by: \.key).allSatisfy { key, filters in
            key == "label"
                ? filters.allSatisfy { $0.accepts(facts, lab) } : filters.contains { $0.accepts(facts, lab) }
        }
    }

    private func accepts(_ facts: MachineFacts, _ lab: RunningLabFacts) -> Bool {
        let machine = facts.machine
        switch key {
        case "id": return machine.id.hasPrefix(value)
        case "name":
            // A pattern of Go's; of its signs those that names are found by are read.
            var part = value[...]
            let (begins, ends) = (part.hasPrefix("^"), part.hasSuffix("$"))
            if begins { part.removeFirst() }
            if ends { part.removeLast() }
            if part.hasPrefix("/") { part.removeFirst() }
            switch (begins, ends) {
            case (true, true): return machine.name == part
            case (true, false): return machine.name.hasPrefix(part)
            case (false, true): return machine.name.hasSuffix(part)
            case (false, false): return machine.name.contains(part)
            }
        case "label":
            let parts = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let label = machine.labels(of: lab)[parts[0]] else { return false }
            return parts.count == 1 || label == parts[1]
        case "status": return value == (facts.isRunning ? "running" : "exited")
        case "ancestor": return machine.image == value || machine.image.split(separator: ":").first ?? "" == value
        case "network": return facts.attachments.contains { $0.network == value }
        default: return value == "none"
        }
    }
}
