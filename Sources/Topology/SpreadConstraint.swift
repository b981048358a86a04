/// How evenly pods are to be spread (`topologySpreadConstraints` of a pod).
public struct SpreadConstraint: Hashable, Sendable {
    /// By how many pods the fullest place may exceed the emptiest.
    public var maxSkew: Int
    /// The node's label whose value two nodes share that count as one place.
    public var topologyKey: String
    /// Whether a pod that would break it stays pending (`DoNotSchedule`); otherwise it is only better kept.
    public var isRequired: Bool
    /// The pods that are counted, by their labels; nil for none.
    public var selector: LabelSelector?
    /// How many places there must be at least, so that the emptiest does not count as empty; nil for any number.
    public var minDomains: Int?
    /// Whether nodes that the pod's own selector and affinity exclude are no places (`nodeAffinityPolicy: Honor`).
    public var honorsAffinity: Bool
    /// Whether nodes with a taint that the pod does not tolerate are no places (`nodeTaintsPolicy: Honor`).
    public var honorsTaints: Bool

    public init(
        maxSkew: Int, topologyKey: String, isRequired: Bool = true, selector: LabelSelector? = nil,
        minDomains: Int? = nil, honorsAffinity: Bool = true, honorsTaints: Bool = false
    ) {
        self.maxSkew = maxSkew
        self.topologyKey = topologyKey
        self.isRequired = isRequired
        self.selector = selector
        self.minDomains = minDomains
        self.honorsAffinity = honorsAffinity
        self.honorsTaints = honorsTaints
    }
}
