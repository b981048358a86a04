/// A transport protocol whose ports services and servers use.
///
/// The raw value is Kubernetes' word for it (`TCP`); the description is that of nft(8), the DNS and `/etc/protocols` (`tcp`).
public enum Transport: String, Hashable, Sendable, CaseIterable, Codable {
    case tcp = "TCP"
    case udp = "UDP"
    case sctp = "SCTP"
}

extension Transport: LosslessStringConvertible {
    /// Reads the lower-case word: `tcp`.
    public init?(_ description: String) {
        guard let transport = Self.allCases.first(where: { $0.description == description }) else { return nil }
        self = transport
    }

    public var description: String {
        switch self {
        case .tcp: "tcp"
        case .udp: "udp"
        case .sctp: "sctp"
        }
    }
}
