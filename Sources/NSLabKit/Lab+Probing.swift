import Addresses
import Engine
import NetworkNamespaces
import Probes

extension Lab {
    /// Checks every path of the lab.
    ///
    /// - Parameters:
    ///   - from: only from this namespace, in any form that `nslab exec` takes.
    ///   - to: only to this namespace, or to this address.
    ///   - count: how many times each probe is sent.
    ///   - progress: told how many probes are about to be sent.
    public func probe(
        from: String? = nil, to: String? = nil, count: Int = 1, progress: (Step) -> Void = { _ in }
    ) throws(NSLabError) -> ProbeReport {
        try reportingErrors {
            let source = try from.map { try running.journal.namespace(named: $0).name }
            let address = to.flatMap { IPAddress($0) }
            let target = address == nil ? try to.map { try running.journal.namespace(named: $0).name } : nil
            let matrix = ProbeMatrix(running.blueprint) {
                source == nil || $0 == source
            } to: {
                (target == nil || $0 == target) && (address == nil || $1 == address)
            }
            guard !matrix.probes.isEmpty || (from == nil && to == nil) else {
                throw NSLabError("nothing is probed from \(from ?? "anywhere") to \(to ?? "anywhere")", .badInput)
            }
            progress(.probing(count: matrix.probes.count * count))
            let pins = Dictionary(uniqueKeysWithValues: running.journal.namespaces.map { ($0.name, $0.pin) })
            let lab = running
            let run = ProbeRun(lab.blueprint, pins: pins) { name in try Threads.run { try lab.observe(name) } }
            return try run.run(matrix, count: count)
        }
    }

    /// The names of the only running lab's namespaces; empty where they cannot be read.
    public static func namespaceNames() -> [String] {
        (try? RunningLab())?.journal.namespaces.map(\.name) ?? []
    }
}
