import Blueprint
import LabFolders
import Topology

/// What is wrong with a topology, in the words of its JSON.
public struct ValidateReport: Encodable, Sendable {
    public var source: String
    public var isValid: Bool
    public var errors: [Fault]
    /// What is not done as the files say, a line each with its place.
    public var warnings: [String] = []
    /// The files of a lab folder; empty for a topology file.
    public var files: [File] = []
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

    /// A file of a lab folder.
    public struct File: Encodable, Sendable {
        public var path: String
        /// What was taken from it.
        public var taken: [String]
        /// What was not, and why.
        public var ignored: [String]

        /// All of it, a line each.
        public var text: String {
            "\(path)\n" + taken.map { "  taken    \($0)\n" }.joined() + ignored.map { "  ignored  \($0)\n" }.joined()
        }
    }
}

extension TopologySource {
    /// Checks the topology, up to the last pod's address.
    public func validate() -> ValidateReport {
        do {
            let reading = try reading()
            let topology = reading.topology
            let blueprint = try Blueprint(topology: topology)
            let pending = PendingPodReport.all(of: blueprint) ?? []
            return ValidateReport(
                source: description, isValid: true, errors: [],
                warnings: reading.warnings + pending.map { "\(description): \($0.text)" },
                files: reading.files.map { .init(path: $0.path, taken: $0.taken, ignored: $0.ignored) },
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
