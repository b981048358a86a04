import Topology

/// How a pod is to stand to others: pod affinity, spreading, and the selectors that both have.
extension LabelSelector {
    /// Reads a selector of Kubernetes' API.
    init(_ field: Field, _ diagnostics: inout Diagnostics) {
        self.init(
            field["matchLabels"].texts(&diagnostics),
            requirements: field["matchExpressions"].list(&diagnostics).compactMap {
                NodeAffinity.Requirement($0, &diagnostics)
            })
    }

    /// Reads a selector that may be missing, with the keys whose values the pod's own labels give (`matchLabelKeys`).
    fileprivate static func selector(
        in field: Field, _ labels: [String: String], _ diagnostics: inout Diagnostics
    ) -> LabelSelector? {
        guard field["labelSelector"].isPresent else { return nil }
        var selector = LabelSelector(field["labelSelector"], &diagnostics)
        for key in field["matchLabelKeys"].list(&diagnostics).compactMap(\.text) {
            if let value = labels[key] { selector.requirements.append(.init(key, .in, [value])) }
        }
        for key in field["mismatchLabelKeys"].list(&diagnostics).compactMap(\.text) {
            if let value = labels[key] { selector.requirements.append(.init(key, .notIn, [value])) }
        }
        return selector
    }
}

extension PodAffinity {
    /// Reads `podAffinity` or `podAntiAffinity`.
    ///
    /// - Parameter labels: the pod's own.
    init(_ field: Field, _ labels: [String: String], _ diagnostics: inout Diagnostics) {
        self.init()
        for item in field["requiredDuringSchedulingIgnoredDuringExecution"].list(&diagnostics) {
            if let term = Term(item, labels, &diagnostics) { required.append(term) }
        }
        for item in field["preferredDuringSchedulingIgnoredDuringExecution"].list(&diagnostics) {
            guard let weight: Int = item["weight"].number(&diagnostics, "a weight", 1...100),
                let term = Term(item["podAffinityTerm"], labels, &diagnostics)
            else { continue }
            preferred.append(Preference(weight: weight, term))
        }
    }
}

extension PodAffinity.Term {
    fileprivate init?(_ field: Field, _ labels: [String: String], _ diagnostics: inout Diagnostics) {
        guard let key = field["topologyKey"].text(&diagnostics) else {
            diagnostics.error(
                field, "a term needs the label that makes nodes one place: topologyKey: kubernetes.io/hostname")
            return nil
        }
        self.init(LabelSelector.selector(in: field, labels, &diagnostics), topologyKey: key)
        namespaces = field["namespaces"].list(&diagnostics).compactMap { $0.text(&diagnostics) }
        let selected = field["namespaceSelector"]
        guard selected.isPresent else { return }
        let selector = LabelSelector(selected, &diagnostics)
        // The one label that every namespace has is its name.
        if selector == LabelSelector() {
            meansAllNamespaces = true
        } else if selector.requirements.isEmpty, selector.labels.count == 1,
            let name = selector.labels["kubernetes.io/metadata.name"]
        {
            if !namespaces.contains(name) { namespaces.append(name) }
        } else {
            diagnostics.warn(selected, "namespaces are not chosen by labels; name them under namespaces")
        }
    }
}

extension SpreadConstraint {
    /// Reads one of `topologySpreadConstraints`.
    ///
    /// - Parameter labels: the pod's own.
    init?(_ field: Field, _ labels: [String: String], _ diagnostics: inout Diagnostics) {
        guard let key = field["topologyKey"].text(&diagnostics) else {
            diagnostics.error(
                field, "a constraint needs the label that makes nodes one place: topologyKey: kubernetes.io/hostname")
            return nil
        }
        let skew: Int? = field["maxSkew"].number(&diagnostics, "a number of pods", 1...maximumReplicas)
        self.init(
            maxSkew: skew ?? 1, topologyKey: key, selector: LabelSelector.selector(in: field, labels, &diagnostics),
            minDomains: field["minDomains"].number(&diagnostics, "a number of places", 1...maximumReplicas))
        isRequired =
            field["whenUnsatisfiable"].word(&diagnostics, ["DoNotSchedule", "ScheduleAnyway"]) != "ScheduleAnyway"
        honorsAffinity = field["nodeAffinityPolicy"].word(&diagnostics, ["Honor", "Ignore"]) != "Ignore"
        honorsTaints = field["nodeTaintsPolicy"].word(&diagnostics, ["Honor", "Ignore"]) == "Honor"
    }
}
