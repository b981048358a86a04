import Addresses
import Blueprint
import PacketTrace
import Probes

extension Lab {
    /// Has packets followed for probes that failed and of which the comparison with the blueprint says nothing: one packet for all of
    /// a sort that go from one node to another.
    func followFailures(_ report: inout ProbeReport) {
        var kinds: [FailureKind: Int] = [:]
        var causes: [FailureCause?] = []
        let nodes = Dictionary(
            running.blueprint.namespaces.map { ($0.name, $0.nodeName ?? $0.name) },
            uniquingKeysWith: { first, _ in first })
        for index in report.results.indices {
            let result = report.results[index]
            guard !result.ok, result.cause.isVague, let address = IPAddress(result.address) else { continue }
            let kind = FailureKind(
                from: nodes[result.from] ?? result.from, to: nodes[result.to] ?? result.to, family: address.family,
                check: result.check)
            if kinds[kind] == nil {
                guard causes.count < Self.mostFollowed else { continue }
                kinds[kind] = causes.count
                causes.append(follow(from: result.from, to: address))
            }
            guard let place = kinds[kind], let cause = causes[place] else { continue }
            report.results[index].failure = result.failure.map { failure in
                let old = "\(result.cause ?? .unknown)"
                return failure.contains(old) ? failure.replacing(old, with: "\(cause)") : "\(failure): \(cause)"
            }
            report.results[index].cause = cause
        }
    }

    /// How many packets are followed for one report, each for a second at most.
    private static let mostFollowed = 8

    /// What a packet like that of a probe dies of; nil where it does not, or nothing is found.
    private func follow(from source: String, to address: IPAddress) -> FailureCause? {
        let service = running.blueprint.services.first { $0.clusterAddresses.contains(address) }
        let probe: TraceProbe =
            switch service?.ports.first.map({ ($0.transport, $0.number) }) {
            case (.tcp, let port)?: .tcp(port)
            case (.udp, let port)?: .udp(port)
            default: .echo
            }
        var trace = trace(from: source, to: address, probe)
        trace.timeout = .seconds(1)
        // The failure is told in any case.
        guard let path = try? trace.run(), !path.isAnswered, let cause = path.cause else { return nil }
        let named = TraceReport.Cause(cause, running.blueprint, trace)
        return .traced(kind: named.kind, sentence: named.text)
    }
}

/// What failed probes have in common of which one is followed.
private struct FailureKind: Hashable {
    var from, to: String
    var family: AddressFamily
    var check: String
}

extension FailureCause? {
    /// Whether it names nothing that a packet has met.
    fileprivate var isVague: Bool {
        switch self {
        case nil, .unknown?: true
        default: false
        }
    }
}
