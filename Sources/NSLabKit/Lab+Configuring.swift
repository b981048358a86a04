import Engine
import ShowCommands
import Topology

/// A change of a router's configuration: see `ShowCommands`.
public typealias Change = ShowCommands.Change
/// What the lines of a configuration are about: see `ShowCommands`.
public typealias ConfigurationMode = ShowCommands.ConfigurationMode

extension Lab {
    /// Changes a router of the running lab by a line of configuration, as `up` changes a lab whose topology was edited: what the
    /// lab is to be from now on has the line in it, so that `verify` finds nothing.
    ///
    /// - Parameters:
    ///   - router: its name in the lab.
    ///   - mode: the part of the configuration that the line belongs to.
    /// - Returns: what whoever typed it should know; nil for nothing.
    /// - Throws: `NSLabError` of category `.badInput` for a line that is not taken, with the reason.
    public func configure(
        _ router: String, _ change: Change, in mode: ConfigurationMode
    ) throws(NSLabError) -> String? {
        // Two that configure at once would take back what the other did.
        try reportingErrors { try StateDirectory(lab: name).editing { try make(change, of: router, in: mode) } }
    }

    private func make(_ change: Change, of router: String, in mode: ConfigurationMode) throws -> String? {
        var topology = try running.topology
        guard let index = topology.routers.firstIndex(where: { $0.name == router }) else {
            throw NSLabError("\(router) is no router of the lab's topology", .badInput)
        }
        let before = topology
        let note: String?
        do throws(ChangeError) {
            note = try topology.routers[index].make(change, in: mode)
        } catch {
            throw NSLabError("\(error)", .badInput)
        }
        if topology == before { return note }
        do throws(TopologyErrors) {
            // As a file would be.
            _ = try Topology.read(Array(topology.yaml.utf8), file: "configuration")
        } catch {
            throw NSLabError(error.errors.map(\.sentence).joined(separator: "\n"), .badInput)
        }
        let outcome = try BringUp(topology: topology, source: running.journal.source) { _ in }.run()
        return note ?? (outcome.warnings.isEmpty ? nil : outcome.warnings.joined(separator: "\n! "))
    }

    /// What a router calls itself.
    func hostname(of router: String) throws(NSLabError) -> String {
        try reportingErrors { try running.topology.routers.first { $0.name == router }?.hostname ?? router }
    }

    /// What the kernel calls an interface of a router's; an address stays one.
    func device(_ name: String, on router: String) throws(NSLabError) -> String {
        try reportingErrors {
            guard name.first?.isLetter == true, !name.contains(":"),
                let router = try running.topology.routers.first(where: { $0.name == router })
            else { return name }
            do throws(ChangeError) {
                return try router.device(name)
            } catch {
                throw NSLabError("\(error)", .badInput)
            }
        }
    }
}
