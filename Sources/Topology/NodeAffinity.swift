/// Which nodes a pod must and would like to run on (`spec.affinity.nodeAffinity` of a pod).
public struct NodeAffinity: Hashable, Sendable {
    /// The pod runs on nodes that fit one of these terms; anywhere if there are none.
    public var required: [Term]
    /// Nodes that fit these terms are better, by the sum of the terms' weights.
    public var preferred: [Preference]

    /// No affinity, or this.
    public init(required: [Term] = [], preferred: [Preference] = []) {
        self.required = required
        self.preferred = preferred
    }

    /// A term that is preferred.
    public struct Preference: Hashable, Sendable {
        /// 1 to 100.
        public var weight: Int
        /// What is preferred.
        public var term: Term

        public init(weight: Int, _ term: Term) {
            self.weight = weight
            self.term = term
        }
    }

    /// Requirements of which a node has to fit all. A term without any fits no node.
    public struct Term: Hashable, Sendable {
        /// Of labels (`matchExpressions`).
        public var labels: [Requirement]
        /// Of the node's name (`matchFields` with the key `metadata.name`).
        public var names: [Requirement]

        public init(labels: [Requirement] = [], names: [Requirement] = []) {
            self.labels = labels
            self.names = names
        }
    }

    /// A requirement of one label.
    public struct Requirement: Hashable, Sendable {
        /// The label's key.
        public var key: String
        /// How its value is compared.
        public var relation: Relation
        public var values: [String]

        public init(_ key: String, _ relation: Relation, _ values: [String] = []) {
            self.key = key
            self.relation = relation
            self.values = values
        }
    }

    /// How a label's value is compared, by Kubernetes' names.
    public enum Relation: String, Hashable, Sendable, CaseIterable {
        case `in` = "In"
        case notIn = "NotIn"
        case exists = "Exists"
        case doesNotExist = "DoesNotExist"
        /// The value is a whole number above the one that is given.
        case greaterThan = "Gt"
        case lessThan = "Lt"
    }
}

extension NodeAffinity {
    /// Whether a pod may run on a node with these labels (`Node.allLabels`) and this name.
    public func allows(labels: [String: String], name: String) -> Bool {
        required.isEmpty || required.contains { $0.fits(labels, name: name) }
    }

    /// How much a node is preferred: the sum of the weights of the terms that it fits.
    public func preference(for node: Node) -> Int {
        if preferred.isEmpty { return 0 }
        let labels = node.allLabels
        return preferred.reduce(0) { $0 + ($1.term.fits(labels, name: node.name) ? $1.weight : 0) }
    }
}

extension NodeAffinity.Term {
    /// Whether a node with these labels and this name fits (`nodeaffinity.go` in k8s.io/component-helpers).
    public func fits(_ labels: [String: String], name: String) -> Bool {
        if self.labels.isEmpty && names.isEmpty { return false }
        return self.labels.allSatisfy { $0.fits(labels[$0.key]) } && names.allSatisfy { $0.fits(name) }
    }
}

extension NodeAffinity.Requirement {
    /// Whether a label with this value fits; nil for a node that does not have it.
    public func fits(_ value: String?) -> Bool {
        switch relation {
        case .in: value.map(values.contains) ?? false
        case .notIn: value.map { !values.contains($0) } ?? true
        case .exists: value != nil
        case .doesNotExist: value == nil
        case .greaterThan: compare(value) { $0 > $1 }
        case .lessThan: compare(value) { $0 < $1 }
        }
    }

    private func compare(_ value: String?, _ holds: (Int64, Int64) -> Bool) -> Bool {
        guard let value = value.flatMap({ Int64($0) }), let limit = values.first.flatMap({ Int64($0) }) else {
            return false
        }
        return holds(value, limit)
    }
}
