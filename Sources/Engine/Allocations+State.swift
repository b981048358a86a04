import Blueprint
import FoundationEssentials

extension Allocations {
    /// Reads what a lab was given.
    ///
    /// - Returns: nil for a lab of an nslab that did not keep it.
    /// - Throws: `EngineError.damagedState` if it is missing or cannot be read.
    static func read(_ state: StateDirectory, _ journal: Journal) throws(EngineError) -> Allocations? {
        if journal.version < 2 { return nil }
        guard let bytes = try StateDirectory.read(state.allocations) else {
            throw .damagedState(path: state.allocations, reason: "it is missing")
        }
        do {
            return try JSONDecoder().decode(Allocations.self, from: Data(bytes))
        } catch {
            throw .damagedState(path: state.allocations, reason: "the lab's allocations cannot be read")
        }
    }

    /// Writes them in the place of those that were there.
    func write(to state: StateDirectory) throws { try StateDirectory.write(json: self, to: state.allocations) }
}
