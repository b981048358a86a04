import Addresses
import YAML

/// How a workload's pods resolve names, and how they stand to other pods.
extension NativeReader {
    /// `{ policy: None, nameservers: [192.0.2.53], searches: [example.org], options: ["ndots:1"] }`.
    mutating func nameResolution(_ value: YAMLValue) -> Workload.NameResolution {
        let fields = fields(value, ["policy", "nameservers", "searches", "options"])
        return Workload.NameResolution(
            field(fields, "policy") { $0.word($1, "a DNS policy", Workload.NameResolution.Policy.self) }
                ?? .clusterFirst,
            nameservers: list(fields, "nameservers", example: "[192.0.2.53]") { $0.address($1) } ?? [],
            searches: list(fields, "searches", example: "[example.org]") { $0.literal($1, "a domain") } ?? [],
            options: list(fields, "options", example: "[\"ndots:1\"]") { $0.literal($1, "an option") } ?? [])
    }

    /// `{ address: 192.0.2.80, names: [intranet] }`.
    mutating func hostAlias(_ value: YAMLValue) -> Workload.HostAlias? {
        let fields = fields(value, ["address", "names"])
        let names = list(fields, "names", example: "[intranet]") { $0.literal($1, "a host name") } ?? []
        guard let address = field(fields, "address", { $0.address($1) }) else {
            if fields["address"] == nil {
                report(fields.mark, "a host alias needs an address: { address: 192.0.2.80, names: [intranet] }")
            }
            return nil
        }
        return Workload.HostAlias(address, names)
    }

    /// `{ required: [TERMS], preferred: [TERMS with a weight] }`.
    mutating func podAffinity(_ value: YAMLValue) -> PodAffinity {
        let example = "[{ topologyKey: kubernetes.io/hostname, selector: { labels: { app: a } } }]"
        let fields = fields(value, ["required", "preferred"])
        return PodAffinity(
            required: list(fields, "required", example: example) { $0.podTerm($1, hasWeight: false)?.term } ?? [],
            preferred: list(fields, "preferred", example: example) { $0.podTerm($1, hasWeight: true) } ?? [])
    }

    private mutating func podTerm(_ value: YAMLValue, hasWeight: Bool) -> PodAffinity.Preference? {
        let known = ["topologyKey", "selector", "namespaces", "allNamespaces"]
        let fields = fields(value, known + (hasWeight ? ["weight"] : []))
        let weight: Int? = field(fields, "weight") { $0.number($1, "a weight", 1...100) }
        guard let key = topologyKey(fields) else { return nil }
        return PodAffinity.Preference(
            weight: weight ?? 1,
            PodAffinity.Term(
                field(fields, "selector") { $0.labelSelector($1) }, topologyKey: key,
                namespaces: list(fields, "namespaces", example: "[default]") {
                    $0.text($1, "the name of a Kubernetes namespace")
                } ?? [],
                meansAllNamespaces: field(fields, "allNamespaces") { $0.boolean($1) } ?? false))
    }

    /// `{ maxSkew: 1, topologyKey: zone, selector: { labels: { app: a } }, required: false }`.
    mutating func spreadConstraint(_ value: YAMLValue) -> SpreadConstraint? {
        let fields = fields(
            value,
            ["maxSkew", "topologyKey", "selector", "required", "minDomains", "honorAffinity", "honorTaints"])
        let skew: Int? = field(fields, "maxSkew") { $0.number($1, "a number of pods", 1...maximumReplicas) }
        guard let key = topologyKey(fields) else { return nil }
        return SpreadConstraint(
            maxSkew: skew ?? 1, topologyKey: key, isRequired: field(fields, "required") { $0.boolean($1) } ?? true,
            selector: field(fields, "selector") { $0.labelSelector($1) },
            minDomains: field(fields, "minDomains") { $0.number($1, "a number of places", 1...maximumReplicas) },
            honorsAffinity: field(fields, "honorAffinity") { $0.boolean($1) } ?? true,
            honorsTaints: field(fields, "honorTaints") { $0.boolean($1) } ?? false)
    }

    private mutating func topologyKey(_ fields: Fields) -> String? {
        if fields["topologyKey"] == nil {
            report(fields.mark, "this needs the label that makes nodes one place: topologyKey: kubernetes.io/hostname")
        }
        return field(fields, "topologyKey") { $0.literal($1, "a label's name") }
    }

    /// `{ labels: { app: a }, expressions: [{ key: app, operator: Exists }] }`.
    private mutating func labelSelector(_ value: YAMLValue) -> LabelSelector {
        let fields = fields(value, ["labels", "expressions"])
        return LabelSelector(
            field(fields, "labels") { $0.labels($1) } ?? [:],
            requirements: list(fields, "expressions", example: "[{ key: app, operator: Exists }]") {
                $0.requirement($1)
            } ?? [])
    }
}
