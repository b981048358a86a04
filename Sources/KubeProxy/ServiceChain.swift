/// What the chains of kube-proxy's tables stand for (`ChainName`; Kubernetes' pkg/proxy/nftables/proxier.go).
public enum ServiceChain {
    /// The chain that packets for a port of a service without endpoints are sent to.
    public static let rejecting = RejectChain.name

    /// The chains in which packets for a port of a service without endpoints are dropped or sent to be rejected.
    public static let checking = ["service-endpoints-check", "nodeport-endpoints-check"]

    /// The service or endpoint that a chain is of, as `service ns1/svc1 tcp p80` or `endpoint 10.180.0.1 port 80 of ns1/svc1 tcp p80`;
    /// nil for a chain that is of none.
    public static func object(of chain: String) -> String? {
        let kinds = ["service", "external", "firewall", "endpoint"]
        guard let kind = kinds.first(where: { chain.hasPrefix($0 + "-") }) else { return nil }
        // The hash of five bytes is eight letters long.
        let rest = chain.dropFirst(kind.count + 1)
        guard rest.dropFirst(8).first == "-" else { return nil }
        let name = rest.dropFirst(9)
        guard let mark = name.ranges(of: "__").last else { return words(name).map { "service \($0)" } }
        guard let service = words(name[..<mark.lowerBound]) else { return nil }
        let end = name[mark.upperBound...].split(separator: "/")
        guard end.count == 2, let number = UInt16(end[1]) else { return nil }
        // A name in nf_tables has no colons.
        let host = end[0].split(separator: ".", omittingEmptySubsequences: false)
        let isIPv4 = host.count == 4 && host.allSatisfy { UInt8($0) != nil }
        return "endpoint \(isIPv4 ? String(end[0]) : host.joined(separator: ":")) port \(number) of \(service)"
    }

    /// `ns1/svc1 tcp p80` of `ns1/svc1/tcp/p80`, where the port may have no name.
    private static func words(_ name: Substring) -> String? {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        return "\(parts[0])/\(parts[1]) \(parts[2])" + (parts[3].isEmpty ? "" : " \(parts[3])")
    }
}
