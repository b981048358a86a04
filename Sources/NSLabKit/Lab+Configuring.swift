import Addresses
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
        try Self.check(&topology)
        let known = Set(before.tolerated().map(\.sentence))
        let doubts = topology.tolerated().map(\.sentence).filter { !known.contains($0) }
        let outcome = try BringUp(topology: topology, source: running.journal.source, leavesAPI: true) { _ in }
            .run()
        let notes = [note].compactMap(\.self) + doubts + outcome.warnings
        return notes.isEmpty ? nil : notes.joined(separator: "\n! ")
    }

    /// Checks a topology as a file's would be. What a switch takes although it does not work, an address in a subnet that nobody
    /// else is in, makes a lab that was strict one that takes such things.
    private static func check(_ topology: inout Topology) throws(NSLabError) {
        func problems(_ topology: Topology) -> TopologyErrors? {
            do throws(TopologyErrors) {
                _ = try Topology.read(Array(topology.yaml.utf8), file: "configuration")
                return nil
            } catch {
                return error
            }
        }
        guard let refusal = problems(topology) else { return }
        var lenient = topology
        lenient.allowsPendingPods = true
        guard problems(lenient) == nil else {
            throw NSLabError(refusal.errors.map(\.sentence).joined(separator: "\n"), .badInput)
        }
        topology = lenient
    }

    /// What a router calls itself.
    func hostname(of router: String) throws(NSLabError) -> String {
        try reportingErrors { try running.topology.routers.first { $0.name == router }?.hostname ?? router }
    }

    /// The address that packets from an interface have as their source; an address stays one.
    func sourceAddress(_ name: String, _ family: AddressFamily, on router: String) throws(NSLabError) -> String {
        if IPAddress(name) != nil { return name }
        let names = InterfaceNames(name).map { ShowCommand.Question.ipInterfaces(family, $0) }
        guard let question = names else { return name }
        let answer = try show(ShowCommand(question, reads: [.addresses, .vlans]), on: router)
        guard let address = answer.as(IPInterfaces.self)?.firstAddress else {
            throw NSLabError("\(name) has no address of \(family) that packets could come from", .badInput)
        }
        return "\(address)"
    }
}
