import Blueprint
import System
import Topology

/// What a lab's state is to say of what was asked for and given, where it does not say so yet.
struct StateUpdate: Sendable {
    /// Nothing: the state says all of it.
    static let none = StateUpdate()

    private var topology: [UInt8]?
    private var allocations: Background<[UInt8]>?

    private init() {}

    /// - Parameters:
    ///   - topology: what is asked for; nil where the state has it.
    ///   - allocations: what the lab is given; of many services they take long to write, and something else may be done meanwhile.
    ///   - kept: what of that the state has.
    init(_ topology: WrittenTopology?, _ allocations: Allocations?, kept: Allocations?) {
        self.topology = topology?.text
        guard let allocations, allocations != kept else { return }
        let write: @Sendable () throws -> [UInt8] = { try StateDirectory.json(allocations) }
        do throws(SystemCallError) {
            self.allocations = try Background(write)
        } catch {
            // Without another thread it is done now.
            self.allocations = .done(by: write)
        }
    }

    /// Writes what the lab is given.
    func writeAllocations(to state: StateDirectory) throws {
        if let allocations { try StateDirectory.write(allocations.value(), to: state.allocations) }
    }

    /// Writes what is asked for.
    func writeTopology(to state: StateDirectory) throws {
        if let topology { try StateDirectory.write(topology, to: state.topology) }
    }
}
