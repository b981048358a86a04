import Addresses

/// What answers for a port of a service (discovery/v1 `Endpoint`).
public struct ProxiedEndpoint: Hashable, Sendable {
    public var address: IPAddress
    public var port: UInt16
    /// The node that it is on; nil if none is said.
    public var node: String?
    /// Whether packets are sent to it.
    public var isReady: Bool
    /// Whether it answers, be it that it is about to end.
    public var isServing: Bool
    /// Whether it is about to end.
    public var isTerminating: Bool
    /// The zones whose packets are for it (`hints.forZones`); empty for all.
    public var zones: Set<String>
    /// The nodes whose packets are for it (`hints.forNodes`); empty for all.
    public var nodes: Set<String>

    /// An endpoint that answers unless said otherwise.
    public init(
        _ address: IPAddress, _ port: UInt16, node: String? = nil, isReady: Bool = true, isServing: Bool = true,
        isTerminating: Bool = false, zones: Set<String> = [], nodes: Set<String> = []
    ) {
        self.address = address
        self.port = port
        self.node = node
        self.isReady = isReady
        self.isServing = isServing
        self.isTerminating = isTerminating
        self.zones = zones
        self.nodes = nodes
    }

    var hasHints: Bool { !zones.isEmpty || !nodes.isEmpty }

    /// Whether it is not ready, but answers until it ends.
    var isDraining: Bool { !isReady && isServing && isTerminating }
}
