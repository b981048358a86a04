import Addresses
import Blueprint
import DNS
import NetworkNamespaces
import Topology

/// Making the checks of a service matrix, a round after the other.
///
/// First every query to the DNS and every service by its addresses; then every service by its name, at the addresses that
/// the DNS gave; then the services that balance, until each endpoint has answered.
public struct ServiceRun {
    private let pins: [String: String]
    private let byName: [String: Blueprint.Namespace]
    private let affinities: Set<String>
    private let diagnosis: Diagnosis
    private let clients: ClientAddress
    private let requests = RequestRun()

    /// - Parameters:
    ///   - pins: the pin of each namespace.
    ///   - diagnosis: finds out what is wrong.
    public init(_ blueprint: Blueprint, pins: [String: String], diagnosis: Diagnosis) {
        self.pins = pins
        self.diagnosis = diagnosis
        byName = Dictionary(uniqueKeysWithValues: blueprint.namespaces.map { ($0.name, $0) })
        clients = ClientAddress(blueprint)
        affinities = Set(blueprint.services.filter { $0.sessionAffinity != nil }.map(\.key))
    }

    /// Makes all checks once.
    public func run(_ matrix: ServiceMatrix) throws -> [ProbeReport.Result] {
        let named = matrix.names.enumerated().map {
            $1.request(from: pin($1.from), id: UInt16(truncatingIfNeeded: $0 + 1))
        }
        let plain = matrix.checks.filter { !$0.isBalance }
        let outcomes = try requests.run(named + plain.map { $0.request(from: pin($0.from)) })
        let answers = Array(outcomes.prefix(named.count))
        let byAddress = try askNodes(plain, Array(outcomes.dropFirst(named.count)))
        // Where nothing answers, nobody waits a second time.
        let hopeless = Dictionary(
            zip(plain, byAddress).filter(\.1.isLeftAtThat), uniquingKeysWith: { first, _ in first })

        var results = zip(matrix.names, answers).enumerated().map { index, pair in
            result(of: pair.0, pair.1, id: UInt16(truncatingIfNeeded: index + 1))
        }
        results += zip(plain, byAddress).map { result(of: $0, $1, path: $0.arrival.rawValue) }
        results += try runByName(plain, addresses(matrix.names, answers), hopeless)
        var rest: [ServiceMatrix.Check] = []
        for check in matrix.checks where check.isBalance {
            var single = check
            single.isBalance = false
            if let outcome = hopeless[single] {
                results.append(result(of: check, outcome, path: "balance"))
            } else {
                rest.append(check)
            }
        }
        return try results + balance(rest)
    }

    private func pin(_ name: String) -> String { pins[name] ?? name }

    // MARK: Refusals

    /// Asks from the node that sends the packets on what another saw no refusal of. The kernel sends a few ICMP errors a second to one address at most
    /// (`icmp_ratelimit`, icmp(7)), and as many as it likes to itself: where the rules are as they should be and refuse the
    /// node, they refuse its pods.
    ///
    /// - Returns: the outcomes, those among them that the nodes confirm as refused.
    private func askNodes(
        _ checks: [ServiceMatrix.Check], _ outcomes: [RequestRun.Outcome]
    ) throws -> [RequestRun.Outcome] {
        var outcomes = outcomes
        var silent = checks.indices.compactMap { index -> (index: Int, request: Request)? in
            let check = checks[index]
            guard check.expectsRefusal, case .failure(.silence) = outcomes[index], let source = byName[check.from],
                let node = check.node ?? source.node, cause(of: check, source) == nil
            else { return nil }
            return (index, check.request(from: pin(node)))
        }
        // All errors together are limited too, to a thousand a second.
        for _ in 0..<4 where !silent.isEmpty {
            let answers = try requests.run(silent.map(\.request))
            for (asked, answer) in zip(silent, answers) { outcomes[asked.index] = answer }
            silent.removeAll { if case .failure(.silence) = outcomes[$0.index] { false } else { true } }
        }
        return outcomes
    }

    // MARK: By name

    /// What the DNS gave for the services that have addresses.
    private func addresses(
        _ names: [NameCheck], _ answers: [RequestRun.Outcome]
    ) -> [Question: (DomainName, IPAddress)] {
        var found: [Question: (DomainName, IPAddress)] = [:]
        for (index, (check, answer)) in zip(names, answers).enumerated() {
            guard let service = check.service, case .addresses = check.expected, case .success(let reply) = answer,
                let address = check.addresses(in: reply.bytes, id: UInt16(truncatingIfNeeded: index + 1)).first
            else { continue }
            found[Question(from: check.from, service: service, isIPv6: check.type == .aaaa)] = (check.name, address)
        }
        return found
    }

    /// Asks each service by its name, as a program with the system's resolver does: at the address that the DNS gave. A name
    /// without an answer is reported as such already.
    ///
    /// - Parameter known: what came of checks at the service's own address that are not made again.
    private func runByName(
        _ checks: [ServiceMatrix.Check], _ names: [Question: (name: DomainName, address: IPAddress)],
        _ known: [ServiceMatrix.Check: RequestRun.Outcome]
    ) throws -> [ProbeReport.Result] {
        var made: [(check: ServiceMatrix.Check, known: RequestRun.Outcome?)] = []
        var asking: [Request] = []
        for check in checks where check.arrival == .clusterAddress {
            let question = Question(from: check.from, service: check.service, isIPv6: check.address.family == .ipv6)
            guard let (name, address) = names[question] else { continue }
            var named = check
            named.address = address
            made.append((named, known[named]))
            if known[named] == nil { asking.append(named.request(from: pin(check.from), host: "\(name)")) }
        }
        var outcomes = try requests.run(asking).makeIterator()
        return made.map { check, known in
            result(of: check, known ?? outcomes.next() ?? .failure(.silence), path: "by name")
        }
    }

    private struct Question: Hashable {
        var from: String
        var service: String
        var isIPv6: Bool
    }

    // MARK: Balance

    /// Asks each of these services until every endpoint has answered, or chance alone cannot be why one has not.
    private func balance(_ checks: [ServiceMatrix.Check]) throws -> [ProbeReport.Result] {
        var draws = checks.compactMap { check in
            byName[check.from].map { BalanceDraw(check, from: $0, isSticky: affinities.contains(check.service)) }
        }
        while true {
            let batches = draws.map(\.batch)
            if batches.allSatisfy({ $0 == 0 }) { break }
            let asking = zip(draws, batches).flatMap { draw, batch in
                Array(repeating: draw.check.request(from: pin(draw.check.from)), count: batch)
            }
            var outcomes = try requests.run(asking)[...]
            for (index, batch) in batches.enumerated() {
                draws[index].take(outcomes.prefix(batch), clients)
                outcomes = outcomes.dropFirst(batch)
            }
        }
        return draws.map { draw in
            let (outcome, fault) = draw.result
            return result(of: draw.check, outcome, path: draw.isSticky ? "affinity" : "balance", fault: .some(fault))
        }
    }

    // MARK: Results

    /// - Parameter fault: what is wrong, where that is known already.
    private func result(
        of check: ServiceMatrix.Check, _ outcome: RequestRun.Outcome, path: String, fault known: String?? = .none
    ) -> ProbeReport.Result {
        let source = byName[check.from]
        let fault =
            switch known {
            case .some(let fault): fault
            case .none: source.flatMap { check.fault(in: outcome, source: $0, clients) }
            }
        return ProbeReport.Result(
            from: check.from, to: check.service, address: check.address.description, name: "port \(check.port)",
            family: check.address.family.description, check: "\(check.sourceKind(source)) → service", path: path,
            outcome,
            fault: fault,
            title: "\(check.from) → service \(check.service) (\(check.address) port \(check.port), \(path))",
            cause: fault.flatMap { _ in cause(of: check, source) })
    }

    private func result(of check: NameCheck, _ outcome: RequestRun.Outcome, id: UInt16) -> ProbeReport.Result {
        let fault: String? =
            switch outcome {
            case .success(let reply): check.fault(in: reply.bytes, id: id)
            case .failure(let failure): "no answer (\(failure))"
            }
        return ProbeReport.Result(
            from: check.from, to: check.service ?? "no service", address: check.server.description,
            name: check.name.description, family: check.server.family.description, check: "DNS", path: check.typeName,
            outcome, fault: fault, title: "\(check.from) → DNS (\(check.server)), \(check.name) \(check.typeName)",
            cause: fault.flatMap { _ in cause(at: check.server, byName[check.from]) })
    }

    private func cause(of check: ServiceMatrix.Check, _ source: Blueprint.Namespace?) -> FailureCause? {
        if check.arrival == .clusterAddress { return cause(at: check.address, source) }
        return source.flatMap { source in
            let node = check.node ?? source.nodeName
            return node.flatMap {
                diagnosis.cause(ofService: check.service, through: $0, check.address.family, from: source)
            }
        }
    }

    private func cause(at address: IPAddress, _ source: Blueprint.Namespace?) -> FailureCause? {
        source.flatMap { diagnosis.cause(ofServiceAt: address, from: $0) }
    }
}

extension ProbeReport.Result {
    fileprivate init(
        from: String, to: String, address: String, name: String, family: String, check: String, path: String,
        _ outcome: RequestRun.Outcome, fault: String?, title: String, cause: FailureCause?
    ) {
        let roundTrip: Double? = if case .success(let reply) = outcome { reply.roundTrip } else { nil }
        self.init(
            from: from, to: to, address: address, name: name, family: family, check: check, path: path,
            ok: fault == nil,
            rtt: roundTrip, ttl: nil, expectedTTL: nil,
            failure: fault.map { "\(title): \($0)" + (cause.map { ": \($0)" } ?? "") }, finding: fault, cause: cause)
    }
}

extension ServiceMatrix.Check {
    /// What asks, in a report's words: at a service's own address a pod, or the node in the place of those on its network.
    fileprivate func sourceKind(_ source: Blueprint.Namespace?) -> String {
        (arrival == .clusterAddress ? .pod : source?.kind ?? .pod).rawValue
    }
}

extension Result<RequestReply, RequestFailure> {
    /// Whether asking once more would bring the same, and take long or one of the few refusals that the kernel sends.
    fileprivate var isLeftAtThat: Bool {
        switch self {
        case .failure(.silence), .failure(.refused): true
        default: false
        }
    }
}
