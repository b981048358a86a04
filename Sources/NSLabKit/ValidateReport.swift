import Blueprint
import Topology

/// What is wrong with a topology, in the words of its JSON.
public struct ValidateReport: Encodable, Sendable {
    public var source: String
    public var isValid: Bool
    public var errors: [Fault]
    /// What a valid topology describes, in a few words.
    public var summary: String

    /// One error and its place.
    public struct Fault: Encodable, Sendable {
        public var file: String
        /// From 1; absent where the whole of the topology is meant.
        public var line: Int?
        public var column: Int?
        /// The field's path: `nodes.worker.interfaces.eth1.addresses[0]`.
        public var field: String
        public var message: String
        /// All of it in one line.
        public var text: String
    }
}

extension TopologySource {
    /// Checks the topology, up to the last pod's address.
    public func validate() -> ValidateReport {
        do {
            let topology = try Topology.read(text, file: description)
            let blueprint = try Blueprint(topology: topology)
            return ValidateReport(
                source: description, isValid: true, errors: [],
                summary: "lab \(topology.name): \(blueprint.namespaces.count) namespaces, "
                    + "\(blueprint.objectCount) objects; no errors")
        } catch let error as TopologyErrors {
            return ValidateReport(
                source: description, isValid: false,
                errors: error.errors.map {
                    .init(
                        file: $0.file, line: $0.line, column: $0.column, field: "\($0.path)", message: $0.sentence,
                        text: "\($0)")
                }, summary: "")
        } catch {
            let fault = ValidateReport.Fault(
                file: description, line: nil, column: nil, field: "", message: "\(error)",
                text: "\(description): \(error)")
            return ValidateReport(source: description, isValid: false, errors: [fault], summary: "")
        }
    }
}
