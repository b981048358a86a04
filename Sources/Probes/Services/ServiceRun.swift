import Addresses
import Blueprint
import NetworkNamespaces
import Topology

/// Making the checks of a service matrix, a round after the other.
///
/// First every query to the DNS and every service by its address; then every service by its name, at the addresses that
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
        var outcomes = try requests.run(named + plain.map { $0.request(from: pin($0.from)) })
        let refusals = try askNodes(plain, Array(outcomes.dropFirst(named.count)))
        outcomes.replaceSubrange(named.count..., with: refusals)

        var results = zip(matrix.names, outcomes).enumerated().map { index, pair in
            result(of: pair.0, pair.1, id: UInt16(truncatingIfNeeded: index + 1))
        }
        for (check, outcome) in zip(plain, outcomes.dropFirst(named.count)) {
            results.append(result(of: check, outcome, path: "by address"))
        }
        results += try runByName(matrix, plain, outcomes.dropFirst(named.count))
        for check in matrix.checks where check.isBalance { results.append(try balance(check)) }
        return results
    }

    private func pin(_ name: String) -> String { pins[name] ?? name }

    // MARK: Refusals

    /// Asks from a pod's node what the pod saw no refusal of. The kernel sends a few ICMP errors a second to one address at most
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
                let node = source.node, cause(at: check.address, source) == nil
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

    /// Asks each service by its name, as a program with the system's resolver does: at the address that DNS gives. Where that has
    /// refused already, nobody asks again.
    ///
    /// - Parameter known: what came of each check at the service's own address.
    private func runByName(
        _ matrix: ServiceMatrix, _ checks: [ServiceMatrix.Check], _ known: ArraySlice<RequestRun.Outcome>
    ) throws -> [ProbeReport.Result] {
        var names: [Question: NameCheck] = [:]
        for check in matrix.names {
            guard let service = check.service, case .addresses = check.expected else { continue }
            names[Question(from: check.from, service: service, isIPv6: check.type == .aaaa)] = check
        }
        let asked = checks.compactMap { check -> (ServiceMatrix.Check, NameCheck)? in
            let question = Question(from: check.from, service: check.service, isIPv6: check.address.family == .ipv6)
            return names[question].map { (check, $0) }
        }
        let answers = try requests.run(
            asked.enumerated().map { $1.1.request(from: pin($1.0.from), id: UInt16(truncatingIfNeeded: $0)) })
        var found: [(ServiceMatrix.Check, NameCheck, IPAddress)] = []
        for (index, (check, name)) in asked.enumerated() {
            // A name without an answer is reported as such already.
            guard case .success(let reply) = answers[index],
                let address = name.addresses(in: reply.bytes, id: UInt16(truncatingIfNeeded: index)).first
            else { continue }
            found.append((check, name, address))
        }
        let refusals = Dictionary(
            zip(checks, known).filter(\.0.expectsRefusal), uniquingKeysWith: { first, _ in first })
        let rest = found.filter { check, _, address in refusals[check] == nil || check.address != address }
        let outcomes = try requests.run(
            rest.map { check, name, address in
                check.request(from: pin(check.from), at: address, host: "\(name.name)")
            })
        var asking = outcomes.makeIterator()
        return found.map { check, _, address in
            let refusal = check.address == address ? refusals[check] : nil
            var check = check
            check.address = address
            return result(of: check, refusal ?? asking.next() ?? .failure(.silence), path: "by name")
        }
    }

    private struct Question: Hashable {
        var from: String
        var service: String
        var isIPv6: Bool
    }

    // MARK: Balance

    /// Asks until every endpoint has answered, or chance alone cannot be why one has not.
    private func balance(_ check: ServiceMatrix.Check) throws -> ProbeReport.Result {
        guard case .page(let pods) = check.expectation, let source = byName[check.from] else {
            return result(of: check, .failure(.silence), path: "balance")
        }
        let isSticky = affinities.contains(check.service)
        let isCounted = pods.count <= ServiceMatrix.countedEndpoints
        let most = isSticky ? 8 : isCounted ? check.tries(endpoints: pods.count) : 2 * ServiceMatrix.countedEndpoints
        var seen: Set<PodReference> = []
        var best: Double?
        var tries = 0
        while tries < most, seen.count < pods.count || isSticky {
            let batch = min(most - tries, isSticky ? most : 2 * (pods.count - seen.count) + 1)
            tries += batch
            let request = check.request(from: pin(check.from))
            for outcome in try requests.run(Array(repeating: request, count: batch)) {
                if let fault = check.fault(in: outcome, source: source, clients) {
                    return result(of: check, outcome, path: "balance", fault: fault)
                }
                if let page = check.page(in: outcome) { seen.insert(page.pod) }
                if case .success(let reply) = outcome { best = min(best ?? reply.roundTrip, reply.roundTrip) }
            }
        }
        let fault: String?
        if isSticky {
            fault = seen.count == 1 ? nil : "expected one endpoint for one client, \(seen.count) of them answered"
        } else if isCounted {
            let missing = pods.subtracting(seen).map(\.description).sorted().joined(separator: ", ")
            fault = missing.isEmpty ? nil : "expected every endpoint to answer, \(missing) did not in \(tries) tries"
        } else {
            // Of 128 draws among more than 64 endpoints, fewer than 16 different ones do not happen.
            fault = seen.count >= 16 ? nil : "expected many endpoints to answer, \(seen.count) did in \(tries) tries"
        }
        let reply = RequestReply(bytes: [], roundTrip: best ?? 0)
        return result(of: check, .success(reply), path: isSticky ? "affinity" : "balance", fault: .some(fault))
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
            family: check.address.family.description, check: "pod → service", path: path, outcome,
            fault: fault,
            title: "\(check.from) → service \(check.service) (\(check.address) port \(check.port), \(path))",
            cause: fault.flatMap { _ in cause(at: check.address, source) })
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
