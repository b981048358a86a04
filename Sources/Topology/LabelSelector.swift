/// Which pods are meant, by their labels (`LabelSelector` of Kubernetes' API). One without anything means all.
public struct LabelSelector: Hashable, Sendable {
    /// The labels that a pod must have (`matchLabels`).
    public var labels: [String: String]
    /// What else its labels must fit (`matchExpressions`).
    public var requirements: [NodeAffinity.Requirement]

    public init(_ labels: [String: String] = [:], requirements: [NodeAffinity.Requirement] = []) {
        self.labels = labels
        self.requirements = requirements
    }

    /// Whether a pod with these labels is meant.
    public func selects(_ labels: [String: String]) -> Bool {
        labels.match(self.labels) && requirements.allSatisfy { $0.fits(labels[$0.key]) }
    }
}
