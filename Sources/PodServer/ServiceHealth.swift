import NIOHTTP1

/// What kube-proxy answers load balancers that ask a node for a service's endpoints
/// (`hcHandler.ServeHTTP` in Kubernetes' pkg/proxy/healthcheck/service_health.go).
public struct ServiceHealth: Codable, Hashable, Sendable {
    /// The service's Kubernetes namespace.
    public var namespace: String
    /// The service's name.
    public var name: String
    /// How many ready endpoints the node has.
    public var localEndpoints: Int

    public init(namespace: String, name: String, localEndpoints: Int) {
        self.namespace = namespace
        self.name = name
        self.localEndpoints = localEndpoints
    }

    /// The answer to any request. Names in Kubernetes have no character that JSON writes in another way.
    var answer: FixedAnswer {
        let text = """
            {
            \t"service": {
            \t\t"namespace": "\(namespace)",
            \t\t"name": "\(name)"
            \t},
            \t"localEndpoints": \(localEndpoints),
            \t"serviceProxyHealthy": true
            }
            """
        return FixedAnswer(
            status: localEndpoints == 0 ? .serviceUnavailable : .ok, type: "application/json",
            headers: [
                ("X-Content-Type-Options", "nosniff"), ("X-Load-Balancing-Endpoint-Weight", "\(localEndpoints)"),
            ], body: Array(text.utf8))
    }
}

/// An answer of HTTP that is the same for every request.
struct FixedAnswer: Sendable {
    var status = HTTPResponseStatus.ok
    var type = "text/plain; charset=utf-8"
    var headers: [(String, String)] = []
    var body: [UInt8]
}
