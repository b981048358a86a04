import Addresses
import Blueprint
import DNS
import HTTP
import Topology

extension ServiceMatrix.Check {
    /// A name that every cluster's zone has.
    private static let knownName = DomainName("kubernetes.default.svc.cluster.local") ?? .root
    private static let echoed = Array("nslab echo\n".utf8)

    /// The request that makes the check.
    ///
    /// - Parameters:
    ///   - pin: the pin of the namespace that asks.
    ///   - host: what the service is called in the request; nil for its address.
    func request(from pin: String, host: String? = nil) -> Request {
        func request(_ transport: Transport, _ payload: [UInt8], _ ending: Request.Ending) -> Request {
            Request(
                source: pin, destination: address, port: port, transport: transport, payload: payload, ending: ending)
        }
        let literal = address.family == .ipv6 ? "[\(address)]" : "\(address)"
        switch expectation {
        case .page, .body:
            return request(.tcp, ReceivedResponse.request(host: host ?? literal), .closed)
        case .echo(let transport): return request(transport, Self.echoed, .bytes(Self.echoed.count))
        case .names(let transport):
            let query = Message.query(Self.knownName, .soa, id: 1).bytes()
            return transport == .tcp
                ? request(.tcp, TCPFrames.framed(query), .framed) : request(.udp, query, .bytes(1))
        case .refusal(let transport):
            var refused = request(transport, Self.echoed, .bytes(1))
            // What comes does so at once; what the kernel's limit keeps back is asked for in another way.
            refused.timeout = .milliseconds(500)
            return refused
        }
    }

    /// What is wrong with what came of the request; nil if nothing is.
    ///
    /// - Parameters:
    ///   - source: the namespace that asked.
    ///   - clients: which client a pod should have seen.
    func fault(
        in outcome: RequestRun.Outcome, source: Blueprint.Namespace, _ clients: ClientAddress
    ) -> String? {
        let bytes: [UInt8]
        switch outcome {
        case .failure(.refused):
            if expectsRefusal { return nil }
            return "expected an answer, got none (\(RequestFailure.refused))"
        case .failure(let failure): return "expected \(wanted), got none (\(failure))"
        case .success(let reply): bytes = reply.bytes
        }
        switch expectation {
        case .refusal: return "expected \(wanted), got an answer"
        case .echo: return bytes == Self.echoed ? nil : "expected what was sent, got something else"
        case .names(let transport):
            let message = try? Message(reading: transport == .tcp ? Array(bytes.dropFirst(2)) : bytes)
            return message?.isResponse == true ? nil : "expected a DNS answer, got something else"
        case .body(let bodies):
            guard let response = ReceivedResponse(bytes), response.status == 200 else {
                return "expected a page, got none"
            }
            return bodies.contains { Array($0.utf8) == response.body } ? nil : "expected its page, got another"
        case .page(let pods):
            guard let page = page(in: outcome) else { return "expected a pod's page, got none" }
            guard pods.contains(page.pod) else { return "\(page.pod) answered, which is no endpoint of it" }
            return clients.fault(in: page, source: source)
        }
    }

    /// The page that came, if the request brought one.
    func page(in outcome: RequestRun.Outcome) -> PodPage? {
        guard case .success(let reply) = outcome, let response = ReceivedResponse(reply.bytes), response.status == 200
        else { return nil }
        return PodPage(response.body)
    }

    /// Whether nothing may answer.
    var expectsRefusal: Bool { if case .refusal = expectation { true } else { false } }

    private var wanted: String {
        if expectsRefusal { "a refusal, as it has no endpoints" } else { "an answer" }
    }

    /// In how many tries every endpoint must have answered: of as many as there are, one is missed once in 10⁹ runs.
    func tries(endpoints: Int) -> Int {
        let count = Double(endpoints)
        var missed = count
        var tries = 0
        while missed > 1e-9 {
            missed *= 1 - 1 / count
            tries += 1
        }
        return tries
    }
}

extension PodPage {
    /// The pod that answered.
    var pod: PodReference { PodReference(namespace: namespace, name: name) }
}
