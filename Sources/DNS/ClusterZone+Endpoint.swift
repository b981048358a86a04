import Addresses

/// An endpoint as one text, of which a large cluster has tens of thousands: its address, `+` if it takes part or `-`, its host
/// name, which is empty where it has none, and its ports; `10.244.1.7 + web-0 80/tcp/http 53/udp`.
extension ClusterZone.Endpoint: TextCodable {
    public static var meaning: String { "an endpoint" }

    public var description: String {
        var text = "\(address) \(isReady ? "+" : "-") \(hostname ?? "")"
        for port in ports { text += " \(port)" }
        return text
    }

    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count >= 3, let address = IPAddress(parts[0]), parts[1] == "+" || parts[1] == "-" else {
            return nil
        }
        self.init(address: address, hostname: parts[2].isEmpty ? nil : String(parts[2]), isReady: parts[1] == "+")
        for part in parts.dropFirst(3) {
            guard let port = ClusterZone.Port(part) else { return nil }
            ports.append(port)
        }
    }
}
