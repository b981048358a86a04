import Topology
import YAML

/// What was noticed while a folder was read.
struct Diagnostics: Sendable {
    /// What has to be put right before there is a lab.
    private(set) var errors: [TopologyError] = []
    /// What is not done as a file says.
    private(set) var warnings: [Warning] = []

    /// Nobody reads more than this, and hostile files could cause any number.
    private static let limit = 1000

    /// Notes that a field is wrong.
    mutating func error(_ field: Field, _ sentence: String) {
        guard errors.count < Self.limit else { return }
        errors.append(
            TopologyError(
                file: field.file, line: field.mark.line, column: field.mark.column, path: field.path,
                sentence: sentence))
    }

    /// Notes that a place is wrong.
    mutating func error(
        at place: SourceLine, column: Int = 1, path: FieldPath = FieldPath(), _ sentence: String
    ) {
        guard errors.count < Self.limit else { return }
        errors.append(
            TopologyError(file: place.file, line: place.line, column: column, path: path, sentence: sentence))
    }

    /// Notes what a file's YAML is wrong with.
    mutating func error(in file: String, path: FieldPath = FieldPath(), _ error: YAMLSyntaxError) {
        self.error(
            at: SourceLine(file: file, line: error.mark.line), column: error.mark.column, path: path, error.sentence)
    }

    /// Notes that something is not done as a field says.
    mutating func warn(_ field: Field, _ sentence: String) {
        warn(at: field.place, (field.path.steps.isEmpty ? "" : "\(field.path): ") + sentence)
    }

    /// Notes that something is not done as a line says. The same is noted once.
    mutating func warn(at place: SourceLine, _ sentence: String) {
        let warning = Warning(at: place, sentence)
        guard warnings.count < Self.limit, !warnings.contains(warning) else { return }
        warnings.append(warning)
    }

    /// Takes over what another reader noticed.
    mutating func add(_ others: [Warning]) { for other in others { warn(at: other.place, other.sentence) } }
}

extension YAMLDocument {
    /// Reads the document and notes what is wrong with it; nil if it cannot be read, or has no content.
    ///
    /// - Parameter path: the field whose text it is, if it is one.
    func read(of file: String, path: FieldPath = FieldPath(), _ diagnostics: inout Diagnostics) -> Field? {
        do {
            guard let tree = try read() else { return nil }
            for error in tree.duplicateKeys { diagnostics.error(in: file, path: path, error) }
            return Field(root: tree.root, file: file, path: path)
        } catch {
            diagnostics.error(in: file, path: path, error)
            return nil
        }
    }
}
