/// What tables say of services (pkg/printers/internalversion, `printService`).
enum ServiceColumns {
    static let all: [ResourceKind.Column] = [
        .text("Type") { $0["spec"]["type"].text ?? "ClusterIP" },
        .text("Cluster-IP") { $0["spec"]["clusterIP"].text ?? "<none>" },
        .text("External-IP", externalAddresses),
        .text("Port(s)") { service in
            service["spec"]["ports"].items.map { port in
                let node = port["nodePort"].integer.map { $0 > 0 ? ":\($0)" : "" } ?? ""
                return "\(port["port"].integer ?? 0)\(node)/\(port["protocol"].text ?? "TCP")"
            }.listed
        },
        .age,
        .text("Selector", isWide: true) { $0["spec"]["selector"].labelText },
    ]

    private static func externalAddresses(_ service: JSON) -> String {
        let external = service["spec"]["externalIPs"].items.compactMap(\.text)
        switch service["spec"]["type"].text {
        case "ExternalName": return service["spec"]["externalName"].text ?? "<none>"
        case "LoadBalancer":
            let ingress = service["status"]["loadBalancer"]["ingress"].items.compactMap {
                $0["ip"].text ?? $0["hostname"].text
            }
            let all = Set(ingress).sorted() + external
            return all.isEmpty ? "<pending>" : all.joined(separator: ",")
        default: return external.listed
        }
    }
}

/// What tables say of endpoints (pkg/printers/internalversion, `formatEndpoints`, `formatDiscoveryEndpoints`).
enum EndpointColumns {
    private static let most = 3

    static func endpoints(_ object: JSON) -> String {
        var all: [String] = []
        for subset in object["subsets"].items {
            let addresses = subset["addresses"].items.compactMap { $0["ip"].text }
            let ports = subset["ports"].items.compactMap { $0["port"].integer }
            if subset["ports"].items.isEmpty { all += addresses }
            for port in ports {
                all += addresses.map { $0.contains(":") ? "[\($0)]:\(port)" : "\($0):\(port)" }
            }
        }
        return shortened(all, none: "<none>")
    }

    static let slice: [ResourceKind.Column] = [
        .text("AddressType") { $0["addressType"].text ?? "" },
        .text("Ports") { slice in
            shortened(
                slice["ports"].items.map { $0["port"].integer.map(String.init) ?? $0["name"].text ?? "*" },
                none: "<unset>")
        },
        .text("Endpoints") { slice in
            shortened(
                slice["endpoints"].items.flatMap { $0["addresses"].items.compactMap(\.text) }, none: "<unset>")
        },
        .age,
    ]

    private static func shortened(_ all: [String], none: String) -> String {
        if all.isEmpty { return none }
        let text = all.prefix(most).joined(separator: ",")
        return all.count > most ? "\(text) + \(all.count - most) more..." : text
    }
}
