import ClusterObjects
import GoTemplates

/// `docker network`: the networks that kind and containerlab bring.
extension Docker {
    private static let networks = DockerFormat(
        columns: [
            .init("ID", "NETWORK ID"), .init("Name", "NAME"), .init("Driver", "DRIVER"), .init("Scope", "SCOPE"),
            .init("IPv6", "IPV6"), .init("Internal", "INTERNAL"), .init("Labels", "LABELS"),
            .init("CreatedAt", "CREATED AT"),
        ], usual: "{{.ID}}\\t{{.Name}}\\t{{.Driver}}\\t{{.Scope}}")

    func listNetworks(_ rest: [String]) throws -> String {
        let parsed = try FlagSet(
            switches: ["no-trunc", "quiet"], values: ["filter", "format"], letters: ["q": "quiet", "f": "filter"]
        ).parse(rest, for: "docker network ls")
        var rows: [[String: GoValue]] = []
        for filter in parsed.all("filter") where !filter.hasPrefix("name=") && !filter.hasPrefix("driver=") {
            throw AppletError.usage("docker network ls: --filter takes name and driver, and not \(filter)")
        }
        for lab in try labs.labs() {
            for network in lab.networks {
                let isWanted = parsed.all("filter").allSatisfy { filter in
                    filter.hasPrefix("name=") ? network.name.contains(filter.dropFirst(5)) : filter == "driver=bridge"
                }
                guard isWanted else { continue }
                let hasIPv6 = network.gateways.contains { $0.family == .ipv6 }
                rows.append(
                    [
                        "ID": parsed.has("no-trunc") ? network.id : String(network.id.prefix(12)), "Name": network.name,
                        "Driver": "bridge", "Scope": "local", "IPv6": "\(hasIPv6)", "Internal": "false", "Labels": "",
                        "CreatedAt": Self.written(lab.created),
                    ].mapValues { .text($0) })
            }
        }
        return try Self.networks.text(parsed.value("format"), isQuiet: parsed.has("quiet"), rows: rows)
    }

    func inspectNetworks(_ rest: [String], _ words: [String]) throws -> AppletAnswer {
        let parsed = try FlagSet(
            switches: ["verbose"], values: ["format", "type"], letters: ["f": "format", "v": "verbose"]
        ).parse(rest, for: "docker network inspect")
        var documents: [JSON] = []
        for name in parsed.arguments {
            guard let document = try network(named: name) else {
                return real(words, because: "no running lab has a network \(name)")
            }
            documents.append(document)
        }
        guard !documents.isEmpty else {
            throw AppletError.usage("docker network inspect takes the names of networks: docker network inspect kind")
        }
        return try Self.answer(documents, parsed.value("format"))
    }

    /// A network's document; nil for no lab's. Of several labs' of one name it is the first one's.
    func network(named name: String) throws -> JSON? {
        let all = try labs.labs().flatMap { lab in
            lab.networks.filter { $0.name == name || name.count >= 4 && $0.id.hasPrefix(name) }.map { (lab, $0) }
        }
        guard let (lab, network) = all.first else { return nil }
        var containers = JSON.object(JSON.Members())
        for facts in lab.machines {
            for attachment in facts.attachments where attachment.network == network.name {
                containers[facts.machine.id] = [
                    "Name": .string(facts.machine.name), "MacAddress": .string(attachment.mac),
                    "IPv4Address": .string(attachment.ipv4?.description ?? ""),
                    "IPv6Address": .string(attachment.ipv6?.description ?? ""),
                ]
            }
        }
        let configuration = network.gateways.map { gateway -> JSON in
            ["Subnet": .string(gateway.prefix.description), "Gateway": .string(gateway.address.description)]
        }
        return [
            "Name": .string(network.name), "Id": .string(network.id), "Created": .string("\(lab.created)"),
            "Scope": "local", "Driver": "bridge",
            "EnableIPv6": .bool(network.gateways.contains { $0.family == .ipv6 }),
            "IPAM": ["Driver": "default", "Config": .array(configuration)], "Internal": false, "Attachable": false,
            "Ingress": false, "Containers": containers, "Labels": .object(JSON.Members()),
        ]
    }
}
