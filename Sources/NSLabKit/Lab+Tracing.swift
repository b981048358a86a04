import Addresses
import Blueprint
import Engine
import KubeProxy
import PacketTrace
import Probes
import System
import Topology

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
    ///   - patience: how long an answer is waited for; nil for as long as a neighbour may take.
    ///   - cancellation: a request to end ends the waiting.
    /// - Returns: where it was seen. That no answer came is no error.
    public func trace(
        from: String, to: String, family: AddressFamily? = nil, probe: TraceProbe? = nil, size: Int = 56,
        patience: Duration? = nil, cancellation: Cancellation = .none
    ) throws(NSLabError) -> TraceReport {
        try reportingErrors {
            OpenFiles.raise()
            let clock = try PacketClock()
            defer { withExtendedLifetime(clock) {} }
            let sender = try running.namespace(named: from).name
            let statuses = try running.survey()
            let own = Set(statuses.first { $0.name == sender }?.addresses.map(\.family) ?? [])
            let target = try TraceTarget(to, running, statuses)
            let choice = target.addresses.filter { $0.family == family ?? $0.family }
            guard let address = choice.first(where: { own.contains($0.family) }) ?? choice.first else {
                throw NSLabError("\(to) has no \(family.map { "\($0) " } ?? "")address", .badInput)
            }
            var trace = self.trace(from: sender, to: address, probe ?? target.probe)
            trace.size = size
            if let patience { trace.timeout = patience }
            trace.isEnding = cancellation.isRequested
            let path = try trace.run()
            let names = Dictionary(
                statuses.flatMap { status in status.addresses.map { ($0, status.name) } },
                uniquingKeysWith: { first, _ in first })
            var report = TraceReport(path, trace, lab: name, to: to, names: names)
            if !path.isAnswered { report.cause = cause(of: path, trace) }
            return report
        }
    }
}

extension Lab {
    /// A packet from a namespace to an address, before it is sent.
    func trace(from sender: String, to address: IPAddress, _ probe: TraceProbe) -> Trace {
        var trace = Trace(
            running.journal.namespaces.map { CaptureSource(namespace: $0.name, pin: $0.pin) }, sender: sender,
            destination: address, probe: probe)
        let cables = running.blueprint.cables
        trace.otherEnd = { namespace, interface in
            cables[Endpoint(namespace, interface)].map { ($0.device, $0.interface) }
        }
        return trace
    }

    /// Why a trace was not answered, in the lab's words; nil where nothing was found.
    private func cause(of path: TracedPath, _ trace: Trace) -> TraceReport.Cause? {
        let difference = diagnosis().difference(from: trace.sender, to: trace.destination).map { "\($0)" }
        guard var cause = path.cause.map({ TraceReport.Cause($0, running.blueprint, trace) }) else {
            return difference.map {
                TraceReport.Cause(
                    kind: "difference", namespace: trace.sender, object: $0, text: $0, difference: nil)
            }
        }
        cause.difference = difference
        return cause
    }
}

extension TraceReport.Cause {
    /// A cause in the lab's words: what kube-proxy's chains refuse, they refuse for want of an endpoint, and an address of a service
    /// that packets were sent to is one that the node's rules do not translate.
    init(_ cause: TraceCause, _ blueprint: Blueprint, _ trace: Trace) {
        (kind, namespace, object, text) = (cause.kind.rawValue, cause.namespace, cause.object, cause.sentence)
        guard let service = blueprint.service(at: trace.destination, trace.probe) else { return }
        let refusing = [ServiceChain.rejecting] + ServiceChain.checking
        if cause.kind == .rule,
            refusing.contains(where: { cause.object.contains(" \(ProxyRules.tableName) chain \($0):") })
        {
            kind = "no endpoint"
            text = "\(namespace): service \(service.key) has no endpoint, so \(object)"
            object = "service \(service.key)"
        } else if [.neighbour, .noRoute].contains(cause.kind), service.clusterAddresses.contains(trace.destination),
            cause.object.contains("\(trace.destination)")
        {
            kind = "no service rule"
            text =
                "no rule on the way translates \(trace.destination) of service \(service.key), so it is sent on as it is: \(text)"
            object = "table \(trace.destination.family == .ipv4 ? "ip" : "ip6") \(ProxyRules.tableName)"
        }
    }
}

extension Blueprint {
    /// The service that packets to an address, and to a port of it, are for.
    fileprivate func service(at address: IPAddress, _ probe: TraceProbe) -> ClusterService? {
        if let service = services.first(where: {
            ($0.clusterAddresses + $0.externalAddresses + $0.loadBalancerAddresses).contains(address)
        }) {
            return service
        }
        let port: UInt16
        switch probe {
        case .echo: return nil
        case .tcp(let number), .udp(let number): port = number
        }
        return services.first { $0.ports.contains { $0.nodePort == port } }
    }

    /// The other end of each cable.
    fileprivate var cables: [Endpoint: Endpoint] {
        var cables: [Endpoint: Endpoint] = [:]
        for namespace in namespaces {
            for link in namespace.content.links {
                guard case .veth(let peer?) = link.kind else { continue }
                let (one, other) = (
                    Endpoint(namespace.name, "\(link.name)"), Endpoint(peer.namespace, "\(peer.name)")
                )
                (cables[one], cables[other]) = (other, one)
            }
        }
        return cables
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
            // One that it should have and has lost is traced, too.
            let wanted = running.blueprint.namespaces.first { $0.name == name }?.addresses ?? []
            addresses += wanted.filter { !addresses.contains($0) }
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
