import Addresses
import Blueprint
import Engine
import KernelCapabilities
import NetworkNamespaces
import Probes
import System

extension Lab {
    /// Checks every path of the lab, its services and its DNS.
    ///
    /// - Parameters:
    ///   - from: only from this namespace, in any form that `nslab exec` takes.
    ///   - to: only to this namespace, to this address, or to the service `service/NAME` or `service/NAMESPACE/NAME`.
    ///   - count: how many times each probe is sent.
    ///   - isNew: whether the lab has just been built: on a busy machine the kernel then takes its time to have its links carry and
    ///     its addresses answer, and that is waited for.
    ///   - progress: called with the number of probes that are about to be sent.
    public func probe(
        from: String? = nil, to: String? = nil, count: Int = 1, isNew: Bool = false,
        progress: (Step) -> Void = { _ in }
    ) throws(NSLabError) -> ProbeReport {
        try reportingErrors {
            OpenFiles.raise()
            let source = try from.map { try running.namespace(named: $0).name }
            let target = try to.map { try ProbeTarget($0, running) } ?? .anything
            let paths = ProbeMatrix(running.blueprint) {
                source == nil || $0 == source
            } to: {
                target.includes(namespace: $0, address: $1)
            }
            let services = ServiceMatrix(running.blueprint) {
                source == nil || $0 == source
            } to: {
                target.includes(service: $0, address: $1)
            }
            guard !paths.probes.isEmpty || services.count > 0 || (from == nil && to == nil) else {
                let reason = services.unprobed.first.map { ": \($0.reason)" } ?? ""
                throw NSLabError(
                    "nothing is probed from \(from ?? "anywhere") to \(to ?? "anywhere")\(reason)", .badInput)
            }
            progress(.probing(count: (paths.probes.count + services.count) * count))
            let pins = Dictionary(uniqueKeysWithValues: running.journal.namespaces.map { ($0.name, $0.pin) })
            let lab = running
            let before = Limits().refusedNeighbours
            let diagnosis = diagnosis(before)
            let run = ProbeRun(lab.blueprint, pins: pins, diagnosis: diagnosis) {
                let limits = Limits()
                return Set(
                    AddressFamily.allCases.filter {
                        limits.refusedNeighbours[$0, default: 0] > before[$0, default: 0]
                            || limits.heldNeighbours[$0, default: 0] * 2 >= limits.neighbours[$0, default: .max / 2]
                    })
            }
            var report = try run.run(paths, count: count, isNew: isNew)
            report.unprobed = services.unprobed.isEmpty ? nil : services.unprobed
            // Behind the paths: a service cannot answer where its pods are not reached.
            if services.count > 0 {
                let run = ServiceRun(lab.blueprint, pins: pins, diagnosis: diagnosis)
                for _ in 0..<count {
                    let start = ContinuousClock.now
                    let results = try run.run(services)
                    report.add(results, duration: start.duration(to: .now) / .seconds(1))
                }
            }
            followFailures(&report)
            return report
        }
    }

    /// Finds what is not as it should be.
    ///
    /// - Parameter before: the neighbours that the kernel had refused when what is looked into began.
    func diagnosis(_ before: [AddressFamily: Int] = Limits().refusedNeighbours) -> Diagnosis {
        let lab = running
        return Diagnosis(lab.blueprint) { name in
            try lab.observe(name)
        } differing: {
            nodesThatDiffer()
        } tableFaults: {
            tableFaults()
        } fullTable: { family in
            let limits = Limits()
            guard limits.refusedNeighbours[family, default: 0] > before[family, default: 0] else { return nil }
            return limits.neighbours[family].map { (Limits.neighbourSetting(family), $0) }
        } isServed: {
            // Where it cannot be found out, it is not what is said to be wrong.
            if case .ended? = try? lab.responders { false } else { true }
        }
    }

    /// By service, the nodes whose rules are not as they should be; none where that cannot be found out.
    private func nodesThatDiffer() -> [String: Set<String>] {
        var nodes: [String: Set<String>] = [:]
        for service in (try? services()) ?? [] {
            if case .differs(let differing) = service.state {
                nodes["\(service.namespace)/\(service.name)"] = Set(differing)
            }
        }
        return nodes
    }

    /// By namespace, what is wrong with its tables of rules, additions among it; none where that cannot be found out.
    private func tableFaults() -> [String: [Diagnosis.TableFault]] {
        var faults: [String: [Diagnosis.TableFault]] = [:]
        for difference in (try? running.verify(strict: true))?.differences ?? [] where difference.kind == "table" {
            guard let namespace = difference.namespace else { continue }
            let words = difference.finding == .added ? "was added" : "was changed"
            faults[namespace, default: []].append(Diagnosis.TableFault(table: difference.object, words))
        }
        return faults
    }

    /// The names of the only running lab's namespaces; empty where they cannot be read.
    public static func namespaceNames() -> [String] {
        (try? RunningLab())?.journal.namespaces.map(\.name) ?? []
    }
}

/// What `--to` names.
private enum ProbeTarget {
    case anything
    case namespace(String)
    case address(IPAddress)
    /// A service by `NAMESPACE/NAME`.
    case service(String)

    init(_ text: String, _ lab: RunningLab) throws {
        if let address = IPAddress(text) {
            self = .address(address)
        } else if text.hasPrefix("service/") {
            self = .service(try lab.service(named: text).key)
        } else {
            self = .namespace(try lab.namespace(named: text).name)
        }
    }

    func includes(namespace: String, address: IPAddress) -> Bool {
        switch self {
        case .anything: true
        case .namespace(let name): name == namespace
        case .address(let wanted): wanted == address
        case .service: false
        }
    }

    func includes(service: String, address: IPAddress?) -> Bool {
        switch self {
        case .anything: true
        case .namespace: false
        case .address(let wanted): wanted == address
        case .service(let key): key == service
        }
    }
}
