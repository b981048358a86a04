import YAML

/// What a workload asks of nodes beyond labels.
extension NativeReader {
    /// `{ required: [TERMS], preferred: [TERMS with a weight] }`.
    mutating func affinity(_ value: YAMLValue) -> NodeAffinity {
        let fields = fields(value, ["required", "preferred"])
        return NodeAffinity(
            required: list(fields, "required", example: "[{ labels: [{ key: zone, operator: In, values: [a] }] }]") {
                $0.term($1, hasWeight: false).map(\.term)
            } ?? [],
            preferred: list(
                fields, "preferred",
                example: "[{ weight: 1, labels: [{ key: zone, operator: In, values: [a] }] }]"
            ) {
                $0.term($1, hasWeight: true)
            } ?? [])
    }

    private mutating func term(_ value: YAMLValue, hasWeight: Bool) -> NodeAffinity.Preference? {
        let fields = fields(value, hasWeight ? ["weight", "labels", "names"] : ["labels", "names"])
        var weight = 1
        if hasWeight {
            guard fields["weight"] != nil else {
                report(fields.mark, "what is preferred needs its weight, from 1 to 100")
                return nil
            }
            weight = field(fields, "weight") { $0.number($1, "a weight", 1...100) } ?? 1
        }
        let example = "[{ key: zone, operator: In, values: [a] }]"
        return NodeAffinity.Preference(
            weight: weight,
            NodeAffinity.Term(
                labels: field(fields, "labels") { $0.list($1, example: example) { $0.requirement($1) } } ?? [],
                names: field(fields, "names") { $0.list($1, example: example) { $0.requirement($1) } } ?? []))
    }

    mutating func requirement(_ value: YAMLValue) -> NodeAffinity.Requirement? {
        let fields = fields(value, ["key", "operator", "values"])
        let key = field(fields, "key") { $0.text($1, "a label's name") }
        let relation = field(fields, "operator") { $0.word($1, "an operator", NodeAffinity.Relation.self) }
        let values = list(fields, "values", example: "[a, b]") { $0.text($1, "a label's value") }
        guard let key, let relation else {
            report(fields.mark, "a requirement needs a key and an operator: { key: zone, operator: Exists }")
            return nil
        }
        return NodeAffinity.Requirement(key, relation, values ?? [])
    }
}
