/// Which other pods a pod must and would like to be near, or far from (`podAffinity` and `podAntiAffinity` of a pod).
public struct PodAffinity: Hashable, Sendable {
    /// Each must hold where the pod is scheduled to.
    public var required: [Term]
    /// Where these hold is better, or worse, by the sum of their weights.
    public var preferred: [Preference]

    public init(required: [Term] = [], preferred: [Preference] = []) {
        self.required = required
        self.preferred = preferred
    }

    public var isEmpty: Bool { required.isEmpty && preferred.isEmpty }

    /// Pods, and what counts as near to them.
    public struct Term: Hashable, Sendable {
        /// The pods by their labels; nil for none at all.
        public var selector: LabelSelector?
        /// The node's label whose value two nodes share that count as one place.
        public var topologyKey: String
        /// The Kubernetes namespaces that the pods are in; empty for the pod's own.
        public var namespaces: [String]
        /// Whether the pods of all namespaces are meant (`namespaceSelector: {}`).
        public var meansAllNamespaces: Bool

        public init(
            _ selector: LabelSelector?, topologyKey: String, namespaces: [String] = [],
            meansAllNamespaces: Bool = false
        ) {
            self.selector = selector
            self.topologyKey = topologyKey
            self.namespaces = namespaces
            self.meansAllNamespaces = meansAllNamespaces
        }

        /// Whether a workload's pods are meant by a term of another one's.
        public func selects(_ workload: Workload, from other: Workload) -> Bool {
            let isInNamespace =
                meansAllNamespaces
                || (namespaces.isEmpty
                    ? workload.namespace == other.namespace : namespaces.contains(workload.namespace))
            return isInNamespace && selector?.selects(workload.labels) ?? false
        }
    }

    /// A term that is preferred.
    public struct Preference: Hashable, Sendable {
        /// 1 to 100.
        public var weight: Int
        public var term: Term

        public init(weight: Int, _ term: Term) {
            self.weight = weight
            self.term = term
        }
    }
}
