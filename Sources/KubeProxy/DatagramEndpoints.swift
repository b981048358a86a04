import Addresses

/// Where UDP flows to services may go, so that a flow that the kernel keeps sending to an endpoint which is gone can be told and
/// forgotten: its next packet is translated anew (`CleanStaleEntries` in Kubernetes' pkg/proxy/conntrack/cleanup.go).
public struct DatagramEndpoints: Hashable, Sendable {
    private var byAddress: [Place: Set<Place>] = [:]
    private var byNodePort: [UInt16: Set<Place>] = [:]

    /// An address with a port.
    private struct Place: Hashable {
        var address: IPAddress
        var port: UInt16
    }

    /// The endpoints of these ports, of which those of UDP count.
    public init(_ ports: [ProxiedPort]) {
        for port in ports where port.transport == .udp {
            let serving = Set(
                port.endpoints.filter(\.isServing).map { Place(address: $0.address, port: $0.port) })
            for address in [port.clusterAddress] + port.externalAddresses + port.loadBalancerAddresses {
                byAddress[Place(address: address, port: port.number), default: []].formUnion(serving)
            }
            if let nodePort = port.nodePort { byNodePort[nodePort, default: []].formUnion(serving) }
        }
    }

    /// Whether no service has a UDP port.
    public var isEmpty: Bool { byAddress.isEmpty }

    /// Whether a flow is one to a service, and what answers it is none of its endpoints.
    ///
    /// - Parameters:
    ///   - destination: where its first packet went.
    ///   - answerer: where its answers come from.
    public func isStale(
        to destination: (address: IPAddress, port: UInt16), answeredBy answerer: (address: IPAddress, port: UInt16)
    ) -> Bool {
        let place = Place(address: destination.address, port: destination.port)
        guard let serving = byAddress[place] ?? byNodePort[destination.port] else { return false }
        return !serving.contains(Place(address: answerer.address, port: answerer.port))
    }
}
