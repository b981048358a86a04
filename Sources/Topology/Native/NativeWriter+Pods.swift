import Addresses
import YAML

/// How a workload's pods resolve names, and how they stand to other pods.
extension NativeWriter {
    static func fields(ofPods workload: Workload) -> [(String, String)] {
        var fields: [(String, String)] = []
        if workload.nameResolution != .init() { fields.append(("dns", text(workload.nameResolution))) }
        if !workload.hostAliases.isEmpty {
            let each = workload.hostAliases.map { alias in
                YAMLWriter.flow([
                    ("address", YAMLWriter.scalar(alias.address.description)), ("names", YAMLWriter.list(alias.names)),
                ])
            }
            fields.append(("hostAliases", list(each)))
        }
        for (name, affinity) in [
            ("podAffinity", workload.podAffinity), ("podAntiAffinity", workload.podAntiAffinity),
        ] where !affinity.isEmpty {
            fields.append((name, text(affinity)))
        }
        if !workload.spreadConstraints.isEmpty { fields.append(("spread", list(workload.spreadConstraints.map(text)))) }
        return fields
    }

    private static func list(_ items: [String]) -> String { "[\(items.joined(separator: ", "))]" }

    private static func text(_ resolution: Workload.NameResolution) -> String {
        var fields: [(String, String)] = []
        if resolution.policy != .clusterFirst { fields.append(("policy", resolution.policy.rawValue)) }
        if !resolution.nameservers.isEmpty { fields.append(("nameservers", YAMLWriter.list(resolution.nameservers))) }
        if !resolution.searches.isEmpty { fields.append(("searches", YAMLWriter.list(resolution.searches))) }
        if !resolution.options.isEmpty { fields.append(("options", YAMLWriter.list(resolution.options))) }
        return YAMLWriter.flow(fields)
    }

    private static func text(_ affinity: PodAffinity) -> String {
        var fields: [(String, String)] = []
        if !affinity.required.isEmpty {
            fields.append(("required", list(affinity.required.map { YAMLWriter.flow(self.fields(of: $0)) })))
        }
        if !affinity.preferred.isEmpty {
            let each = affinity.preferred.map {
                YAMLWriter.flow([("weight", "\($0.weight)")] + self.fields(of: $0.term))
            }
            fields.append(("preferred", list(each)))
        }
        return YAMLWriter.flow(fields)
    }

    private static func fields(of term: PodAffinity.Term) -> [(String, String)] {
        var fields = [("topologyKey", YAMLWriter.scalar(term.topologyKey))]
        if let selector = term.selector { fields.append(("selector", text(selector))) }
        if !term.namespaces.isEmpty { fields.append(("namespaces", YAMLWriter.list(term.namespaces))) }
        if term.meansAllNamespaces { fields.append(("allNamespaces", "true")) }
        return fields
    }

    private static func text(_ constraint: SpreadConstraint) -> String {
        var fields = [
            ("maxSkew", "\(constraint.maxSkew)"), ("topologyKey", YAMLWriter.scalar(constraint.topologyKey)),
        ]
        if let selector = constraint.selector { fields.append(("selector", text(selector))) }
        if !constraint.isRequired { fields.append(("required", "false")) }
        if let count = constraint.minDomains { fields.append(("minDomains", "\(count)")) }
        if !constraint.honorsAffinity { fields.append(("honorAffinity", "false")) }
        if constraint.honorsTaints { fields.append(("honorTaints", "true")) }
        return YAMLWriter.flow(fields)
    }

    private static func text(_ selector: LabelSelector) -> String {
        var fields: [(String, String)] = []
        if !selector.labels.isEmpty { fields.append(("labels", labels(selector.labels))) }
        if !selector.requirements.isEmpty {
            fields.append(("expressions", list(selector.requirements.map(text))))
        }
        return YAMLWriter.flow(fields)
    }
}
