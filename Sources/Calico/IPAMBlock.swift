import Addresses

/// A block as it is kept between one assignment and the next: who has which of its addresses, and in what order others were
/// given back (Calico's IPAMBlock resource).
public struct IPAMBlock: Hashable, Sendable, Codable {
    /// Its addresses.
    public var cidr: Prefix
    /// The node that it is affine to; nil for one whose node has gone while others had addresses of it.
    public var node: String?
    /// Who has an address.
    public var allocations: [IPAddress: IPAM.Owner]
    /// The addresses that were given back, first to last. They end the block's queue: those come before that were never used
    /// yet, lowest first.
    public var released: [IPAddress]

    /// A block with this content.
    public init(
        cidr: Prefix, node: String?, allocations: [IPAddress: IPAM.Owner] = [:], released: [IPAddress] = []
    ) {
        self.cidr = cidr
        self.node = node
        self.allocations = allocations
        self.released = released
    }
}

extension IPAM.Owner: Codable {
    /// The owner in one line: `pod NAMESPACE/NAME`, or `vxlan NODE`.
    public var text: String {
        switch self {
        case .tunnel(let tunnel, let node): "\(tunnel.rawValue) \(node)"
        case .pod(let namespace, let name): "pod \(namespace)/\(name)"
        }
    }

    /// Reads what `text` wrote.
    public init?(text: String) {
        guard let space = text.firstIndex(of: " ") else { return nil }
        let (word, rest) = (text[..<space], text[text.index(after: space)...])
        if let tunnel = Tunnel(rawValue: String(word)) {
            self = .tunnel(tunnel, node: String(rest))
        } else if word == "pod", let slash = rest.firstIndex(of: "/") {
            self = .pod(namespace: String(rest[..<slash]), name: String(rest[rest.index(after: slash)...]))
        } else {
            return nil
        }
    }

    public init(from decoder: any Decoder) throws {
        self = try decoder.singleText("pod NAMESPACE/NAME or TUNNEL NODE") { IPAM.Owner(text: $0) }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
