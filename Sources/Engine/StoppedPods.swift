import Blueprint
import FoundationEssentials
import NetworkNamespaces

/// The pods of a running lab that were told not to answer, kept in the lab's state folder.
enum StoppedPods {
    /// One pod as it is written.
    private struct Entry: Codable {
        var namespace: String
        var name: String
    }

    /// Reads them; none where none was ever stopped.
    static func read(_ state: StateDirectory) throws(EngineError) -> Set<PodReference> {
        guard let bytes = try StateDirectory.read(state.stoppedPods) else { return [] }
        do {
            let entries = try JSONDecoder().decode([Entry].self, from: Data(bytes))
            return Set(entries.map { PodReference(namespace: $0.namespace, name: $0.name) })
        } catch {
            throw .damagedState(path: state.stoppedPods, reason: "the list of stopped pods cannot be read")
        }
    }

    /// Writes them in the place of those that were there.
    static func write(_ pods: Set<PodReference>, to state: StateDirectory) throws {
        let entries = pods.sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }
            .map { Entry(namespace: $0.namespace, name: $0.name) }
        try StateDirectory.write(json: entries, to: state.stoppedPods)
    }
}
