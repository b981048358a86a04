import Addresses
import Blueprint
import Engine
import PacketTrace
import System

/// What a trace sends.
public typealias TraceProbe = PacketTrace.TraceProbe

extension Lab {
    /// Sends a packet and follows it, its answer and errors about either through all of the lab's namespaces.
    ///
    /// - Parameters:
    ///   - from: the namespace that it is sent from, in any form that `nslab exec` takes.
    ///   - to: a namespace, likewise; an address; or `service/NAME` or `service/NAMESPACE/NAME`.
    ///   - family: which of the destination's addresses; nil for the first that both ends have.
    ///   - probe: what is sent; nil for an echo, or to a service a connection or datagram to its first port.
    ///   - size: how many bytes it carries.
    /// - Returns: where it was seen. That no answer came is no error.
    public func trace(
        from: String, to: String, family: AddressFamily? = nil, probe: TraceProbe? = nil, size: Int = 56
    ) throws(NSLabError) -> TraceReport {
        try reportingErrors {
            OpenFiles.raise()
            let sender = try running.namespace(named: from).name
            let statuses = try running.survey()
            let own = Set(statuses.first { $0.name == sender }?.addresses.map(\.family) ?? [])
            let target = try TraceTarget(to, running, statuses)
            let choice = target.addresses.filter { $0.family == family ?? $0.family }
            guard let address = choice.first(where: { own.contains($0.family) }) ?? choice.first else {
                throw NSLabError("\(to) has no \(family.map { "\($0) " } ?? "")address", .badInput)
            }
            let trace = Trace(
                running.journal.namespaces.map { CaptureSource(namespace: $0.name, pin: $0.pin) }, sender: sender,
                destination: address, probe: probe ?? target.probe, size: size)
            let path = try trace.run()
            let names = Dictionary(
                statuses.flatMap { status in status.addresses.map { ($0, status.name) } },
                uniquingKeysWith: { first, _ in first })
            return TraceReport(path, trace, lab: name, to: to, names: names)
        }
    }
}

/// Whom a trace is for.
private struct TraceTarget {
    var addresses: [IPAddress]
    /// What it answers.
    var probe: TraceProbe = .echo

    init(_ text: String, _ running: RunningLab, _ statuses: [NamespaceStatus]) throws {
        if let address = IPAddress(text) {
            addresses = [address]
        } else if text.hasPrefix("service/") {
            let service = try running.service(named: text)
            addresses = service.clusterAddresses
            switch service.ports.first.map({ ($0.transport, $0.number) }) {
            case (.tcp, let port)?: probe = .tcp(port)
            case (.udp, let port)?: probe = .udp(port)
            default: break
            }
        } else {
            let name = try running.namespace(named: text).name
            addresses = statuses.first { $0.name == name }?.addresses ?? []
        }
    }
}

extension RunningLab {
    /// The service that `service/NAME` or `service/NAMESPACE/NAME` means.
    func service(named text: String) throws(NSLabError) -> ClusterService {
        let words = text.split(separator: "/").dropFirst()
        let key = words.count == 1 ? "default/\(words.last!)" : words.joined(separator: "/")
        if let service = blueprint.services.first(where: { $0.key == key }) { return service }
        let known = blueprint.services.map { "service/\($0.key)" }.joined(separator: ", ")
        throw NSLabError("lab \(journal.lab) has no \(text); it has \(known.isEmpty ? "no service" : known)", .badInput)
    }
}
