import Addresses
import Topology

/// How a pod resolves names: `dnsPolicy`, `dnsConfig` and `hostAliases`.
extension Workload {
    /// Reads them from a pod's specification.
    mutating func readNames(_ spec: Field, _ diagnostics: inout Diagnostics) {
        let names = NameResolution.Policy.allCases.map(\.rawValue)
        let policy = spec["dnsPolicy"].word(&diagnostics, names).flatMap(NameResolution.Policy.init)
        let config = spec["dnsConfig"]
        nameResolution = NameResolution(
            policy ?? .clusterFirst,
            nameservers: config["nameservers"].list(&diagnostics).compactMap { $0.address(&diagnostics) },
            searches: config["searches"].list(&diagnostics).compactMap { $0.text(&diagnostics) },
            options: config["options"].list(&diagnostics).compactMap { option in
                guard let name = option["name"].text(&diagnostics) else { return nil }
                return name + (option["value"].text(&diagnostics).map { ":\($0)" } ?? "")
            })
        if policy == NameResolution.Policy.none, nameResolution.nameservers.isEmpty {
            diagnostics.warn(spec["dnsPolicy"], "with policy None a pod needs nameservers under dnsConfig; it has none")
        }
        if nameResolution.policy == .node, nameResolution.nameservers.isEmpty, config.isPresent {
            diagnostics.warn(config, "what the machine's own resolver has does not come before this")
        }
        hostAliases = spec["hostAliases"].list(&diagnostics).compactMap { alias in
            guard let address = alias["ip"].address(&diagnostics) else {
                if !alias["ip"].isPresent { diagnostics.warn(alias, "a host alias needs an ip; it is left out") }
                return nil
            }
            return HostAlias(address, alias["hostnames"].list(&diagnostics).compactMap { $0.text(&diagnostics) })
        }
    }
}
