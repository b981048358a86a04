import Addresses
import Blueprint
import Glibc
import NetworkNamespaces

/// Making the checks of a matrix, and finding out what is wrong where one fails.
public struct ProbeRun {
    private let blueprint: Blueprint
    private let pins: [String: String]
    private let diagnosis: Diagnosis
    private let crowdedFamilies: () -> Set<AddressFamily>

    /// - Parameters:
    ///   - pins: the pin of each namespace.
    ///   - diagnosis: finds out what is wrong.
    ///   - crowdedFamilies: those of which the kernel has so many neighbours, of all labs together, that it may refuse one.
    public init(
        _ blueprint: Blueprint, pins: [String: String], diagnosis: Diagnosis,
        crowdedFamilies: @escaping () -> Set<AddressFamily> = { [] }
    ) {
        self.blueprint = blueprint
        self.pins = pins
        self.diagnosis = diagnosis
        self.crowdedFamilies = crowdedFamilies
    }

    /// Sends every probe of the matrix and compares what comes back.
    ///
    /// - Parameters:
    ///   - count: how many times each probe is sent; it passes if all of them do.
    ///   - isNew: whether the lab has just been built.
    public func run(_ matrix: ProbeMatrix, count: Int = 1, isNew: Bool = false) throws -> ProbeReport {
        let start = ContinuousClock.now
        let requests = matrix.probes.map { EchoRequest(source: pins[$0.from] ?? $0.from, destination: $0.address) }
        var results: [ProbeReport.Result?] = Array(repeating: nil, count: requests.count)
        var reasons: [Int: String] = [:]
        var prober = EchoProber()
        // Links begin to carry and addresses to answer when the kernel comes to it (`linkwatch_event` in net/core/link_watch.c,
        // `addrconf_dad_work` in net/ipv6/addrconf.c), which is late where many labs are built at one time.
        if isNew { prober.busyTimeouts = [.seconds(1), .seconds(2), .seconds(4), .seconds(8)] }
        if let wait = blueprint.longWait { prober.timeouts.append(wait) }
        for _ in 0..<count {
            var answers = try prober.run(requests)
            if isNew { try askAgain(requests, of: matrix, &answers, &prober) }
            for (index, result) in answers.enumerated() {
                let probe = matrix.probes[index]
                var report = results[index] ?? ProbeReport.Result(probe)
                if let reason = report.add(result, to: probe), reasons[index] == nil { reasons[index] = reason }
                results[index] = report
            }
        }
        var report = ProbeReport(
            passed: requests.count - reasons.count, failed: reasons.count, complete: matrix.complete,
            unreachable: matrix.unreachable.isEmpty ? nil : matrix.unreachable,
            duration: start.duration(to: .now) / .seconds(1), results: results.compactMap { $0 })
        for (index, reason) in reasons {
            let probe = matrix.probes[index]
            let cause = diagnosis.cause(of: probe)
            report.results[index].failure =
                "\(probe.from) → \(probe.to) (\(probe.address), \(probe.path.rawValue)): \(reason): \(cause)"
            report.results[index].finding = reason
            report.results[index].cause = cause == .unknown ? nil : cause
        }
        return report
    }

    /// Sends again what got no answer from where there is a way, as long as the kernel's table of neighbours is crowded: labs
    /// that come and go beside this one can fill it for a moment.
    private func askAgain(
        _ requests: [EchoRequest], of matrix: ProbeMatrix, _ answers: inout [EchoResult], _ prober: inout EchoProber
    ) throws {
        for pause in [500, 1000, 2000] {
            let open = answers.indices.filter { index in
                guard case .failure = answers[index].outcome else { return false }
                return matrix.probes[index].expectedTTL != nil
            }
            if open.isEmpty { return }
            let crowded = crowdedFamilies()
            let again = open.filter { crowded.contains(matrix.probes[$0].address.family) }
            if again.isEmpty { return }
            usleep(UInt32(pause) * 1000)
            for (index, answer) in zip(again, try prober.run(again.map { requests[$0] })) { answers[index] = answer }
        }
    }
}

extension Blueprint {
    /// How much longer than over cables without conditions an answer may take; nil where that is no matter. A packet and its
    /// answer cross four cables each at most.
    fileprivate var longWait: Duration? {
        let delays = namespaces.flatMap(\.content.qdiscs).map { qdisc -> UInt64 in
            if case .netem(let netem) = qdisc.kind { netem.delay + netem.jitter } else { 0 }
        }
        guard let longest = delays.max(), longest > 50_000_000 else { return nil }
        return .nanoseconds(Int64(clamping: longest) * 8)
    }
}

extension ProbeReport.Result {
    fileprivate init(_ probe: ProbeMatrix.Probe) {
        self.init(
            from: probe.from, to: probe.to, address: probe.address.description,
            name: nil, family: probe.address.family.description, check: probe.kind.rawValue, path: probe.path.rawValue,
            ok: true,
            rtt: nil, ttl: nil, expectedTTL: probe.expectedTTL, failure: nil)
    }

    /// Adds what came of one request.
    ///
    /// - Returns: what was expected and not found; nil if all is well.
    fileprivate mutating func add(_ result: EchoResult, to probe: ProbeMatrix.Probe) -> String? {
        let expected = probe.expectedTTL.map { "an answer with TTL \($0)" } ?? "an answer"
        switch result.outcome {
        case .success(let reply):
            rtt = min(rtt ?? reply.roundTrip, reply.roundTrip)
            ttl = Int(reply.ttl)
            if let wanted = probe.expectedTTL, wanted == Int(reply.ttl) { return nil }
            ok = false
            return "expected \(expected), got one with TTL \(reply.ttl)"
        case .failure(let failure):
            ok = false
            return "expected \(expected), got none (\(failure))"
        }
    }
}
