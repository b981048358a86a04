import Addresses
import Blueprint
import DNS
import Glibc
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
        case .refusal(let transport), .silence(let transport):
            var refused = request(transport, Self.echoed, .bytes(1))
            // What comes does so at once; what the kernel's limit keeps back of refusals is asked for in another way.
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
        // Who sends a datagram that a rule of the own node drops is told.
        case .failure(.silence) where expectsSilence, .failure(.notPossible(errno: EPERM)) where expectsSilence:
            return nil
        case .failure(.refused):
            if expectsRefusal { return nil }
            if expectsSilence { return "expected \(wanted), got a refusal" }
            return "expected an answer, got none (\(RequestFailure.refused))"
        case .failure(let failure): return "expected \(wanted), got none (\(failure))"
        case .success(let reply): bytes = reply.bytes
        }
        switch expectation {
        case .refusal, .silence: return "expected \(wanted), got an answer"
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
            guard let wanted = self.clients else { return clients.fault(in: page, source: source) }
            guard let client = page.client?.address else { return "\(page.pod) saw nobody ask" }
            if wanted.contains(client) { return nil }
            return "\(page.pod) saw the request come from \(client), expected "
                + wanted.sorted().map(\.description).joined(separator: " or ")
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

    /// Whether packets are dropped.
    private var expectsSilence: Bool { if case .silence = expectation { true } else { false } }

    private var wanted: String {
        switch expectation {
        case .refusal: "a refusal, as it has no endpoints"
        case .silence: "nothing, as \(node ?? "its node") drops such packets"
        default: "an answer"
        }
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
