import NSLabKit

/// The services of a lab in a table; nothing for a lab without services.
enum ServiceTable {
    /// The most endpoints of one service that are shown.
    private static let longest = 12

    static func text(_ services: [ServiceReport]) -> String {
        if services.isEmpty { return "" }
        var table = Table("Service", "Type", "Addresses", "Ports", "Endpoints", "State")
        for service in services {
            let addresses = service.clusterIPs + service.externalIPs + (service.externalName.map { [$0] } ?? [])
            let ready = service.endpoints.filter(\.ready).map(\.text)
            let shown = ready.count <= longest ? ready : ready.prefix(longest) + ["and \(ready.count - longest) more"]
            table.add([
                service.name + (service.namespace == "default" ? "" : "\nin \(service.namespace)"), service.type,
                addresses.joined(separator: "\n"), service.ports.joined(separator: "\n"), shown.joined(separator: "\n"),
                service.state?.description ?? "",
            ])
        }
        return table.text
    }
}
