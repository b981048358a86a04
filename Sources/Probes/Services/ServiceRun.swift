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
        let outcomes = try requests.run(named + plain.map { $0.request(from: pin($0.from)) })

        var results = zip(matrix.names, outcomes).enumerated().map { index, pair in
            result(of: pair.0, pair.1, id: UInt16(truncatingIfNeeded: index + 1))
        }
        for (check, outcome) in zip(plain, outcomes.dropFirst(named.count)) {
            results.append(result(of: check, outcome, path: "by address"))
        }
        results += try runByName(matrix, plain)
        for check in matrix.checks where check.isBalance { results.append(try balance(check)) }
        return results
    }

    private func pin(_ name: String) -> String { pins[name] ?? name }

    // MARK: By name

    /// Asks each service by its name, as a program with the system's resolver does: at the address that DNS gives.
    private func runByName(_ matrix: ServiceMatrix, _ checks: [ServiceMatrix.Check]) throws -> [ProbeReport.Result] {
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
        let outcomes = try requests.run(
            found.map { check, name, address in
                check.request(from: pin(check.from), at: address, host: "\(name.name)")
            })
        return zip(found, outcomes).map { found, outcome in
            var check = found.0
            check.address = found.2
            return result(of: check, outcome, path: "by name")
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
