import Addresses
import YAML

/// Reads the native format, value by value, and collects what is wrong on the way.
///
/// A function that reads a value reports what is wrong with it and returns nil or a stand-in: the result counts only
/// if no error was reported.
struct NativeReader {
    /// The file's name, for errors.
    let file: String
    /// The directories whose files it may have hosts see; nil for whatever it says.
    let bindDirectories: BindDirectories?
    /// What was wrong so far.
    private(set) var errors: [TopologyError] = []
    /// Where errors were reported.
    private var reported: Set<YAMLValue.Mark> = []
    /// Where the reader is.
    private(set) var path = FieldPath()
    /// The ranged keys above the reader, outermost first, and the step that each is at.
    private var scopes: [Scope] = []
    /// How many entries ranges have made.
    private var expanded = 0
    /// How many values were read again and again because a range is above them.
    private var repeatedValues = 0
    /// The cables that were written with `connect`, and where.
    var connections: [Connection] = []
    /// Where each cable of the topology was written.
    var cablePlaces: [Place] = []

    /// The most entries that the ranges of one file may make.
    static let maximumExpansion = 10_000
    /// The most values that those entries may hold together.
    static let maximumRepetition = 250_000

    /// A place in the file and its field.
    struct Place {
        var path: FieldPath
        var mark: YAMLValue.Mark
    }

    /// A cable as one of its ends says it.
    struct Connection {
        var own: Endpoint
        var other: Endpoint
        var mtu: UInt32?
        var conditions: CableConditions
        var place: Place
    }

    private struct Scope {
        var key: String
        var range: BraceRange
        var step: Int
    }

    init(file: String, binding bindDirectories: BindDirectories? = nil) {
        self.file = file
        self.bindDirectories = bindDirectories
    }

    // MARK: Errors

    /// Notes an error at a place. In the later steps of a range, a place that had an error gets no other.
    mutating func report(_ mark: YAMLValue.Mark, _ sentence: @autoclosure () -> String) {
        // A file with more errors than this is no topology.
        guard errors.count < 1000 else { return }
        if !reported.insert(mark).inserted, scopes.contains(where: { $0.step > 0 }) { return }
        errors.append(TopologyError(file: file, line: mark.line, column: mark.column, path: path, sentence: sentence()))
    }

    /// Where the reader is, for problems that are found later.
    func place(_ mark: YAMLValue.Mark) -> Place { Place(path: path, mark: mark) }

    // MARK: Going down

    /// Runs `body` one step further down.
    mutating func at<T>(_ step: FieldPath.Step, _ body: (inout Self) -> T) -> T {
        path.steps.append(step)
        let result = body(&self)
        path.steps.removeLast()
        return result
    }

    /// The pairs of a map with names of the user's choice, such as `nodes`; calls `body` for each name. A range in a
    /// name makes an entry of each of its values.
    mutating func forEachNamed(_ value: YAMLValue, _ body: (inout Self, String, YAMLValue) -> Void) {
        guard let entries = mapEntries(value) else { return }
        var seen: [String: YAMLValue.Mark] = [:]
        for entry in entries {
            guard let key = keyText(entry.key) else { continue }
            guard BraceTemplate.isNeeded(for: key) else {
                one(key, entry, &seen, body)
                continue
            }
            let template: BraceTemplate
            do { template = try BraceTemplate(key) } catch {
                at(.key(key)) { $0.report(entry.key.mark, error.sentence) }
                continue
            }
            guard let range = template.ranges.first, template.ranges.count == 1 else {
                at(.key(key)) { $0.report(entry.key.mark, "a key has one range at most") }
                continue
            }
            expanded += min(range.count, Self.maximumExpansion + 1)
            guard expanded <= Self.maximumExpansion else {
                at(.key(key)) {
                    $0.report(
                        entry.key.mark,
                        "the ranges of one file make at most \(Self.maximumExpansion) entries, this makes more")
                }
                return
            }
            scopes.append(Scope(key: key, range: range, step: 0))
            for step in 0..<range.count where mayRead(key.utf8.count / 8, entry.key.mark) {
                scopes[scopes.count - 1].step = step
                one(template.text { $0.value(at: step) }, entry, &seen, body)
            }
            scopes.removeLast()
        }
    }

    private mutating func one(
        _ name: String, _ entry: YAMLValue.Entry, _ seen: inout [String: YAMLValue.Mark],
        _ body: (inout Self, String, YAMLValue) -> Void
    ) {
        at(.key(name)) { reader in
            if !reader.isDuplicate(name, entry.key.mark, &seen) { body(&reader, name, entry.value) }
        }
    }

    /// The fields of a map, each known and each once.
    mutating func fields(_ value: YAMLValue, _ known: [String]) -> Fields {
        guard let entries = mapEntries(value) else { return Fields(mark: value.mark) }
        var fields = Fields(mark: value.mark)
        var seen: [String: YAMLValue.Mark] = [:]
        for entry in entries {
            guard let key = keyText(entry.key) else { continue }
            at(.key(key)) { reader in
                if reader.isDuplicate(key, entry.key.mark, &seen) { return }
                if known.contains(key) { return fields.append(key, entry.value) }
                reader.report(
                    entry.key.mark,
                    key == "<<"
                        ? "merge keys are not read; a range such as node-{1..3} makes many entries of one"
                        : "there is no field \"\(key)\" here; "
                            + (suggestion(for: key, among: known).map { "did you mean \"\($0)\"?" }
                                ?? "there are \(known.joined(separator: ", "))"))
            }
        }
        return fields
    }

    /// Reports a key that its map has already.
    mutating func isDuplicate(
        _ key: String, _ mark: YAMLValue.Mark, _ seen: inout [String: YAMLValue.Mark]
    ) -> Bool {
        guard let first = seen[key] else {
            seen[key] = mark
            return false
        }
        report(mark, YAMLSyntaxError(duplicate: key, mark, first: first).sentence)
        return true
    }

    /// Fields of a map that were found, and those that are known.
    struct Fields {
        /// Where the map begins.
        let mark: YAMLValue.Mark
        private var found: [(key: String, value: YAMLValue)] = []

        init(mark: YAMLValue.Mark) { self.mark = mark }

        subscript(key: String) -> YAMLValue? { found.first { $0.key == key }?.value }

        mutating func append(_ key: String, _ value: YAMLValue) { found.append((key, value)) }
    }

    /// Reads one field, if it is there, with `body`.
    mutating func field<T>(_ fields: Fields, _ key: String, _ body: (inout Self, YAMLValue) -> T?) -> T? {
        guard let value = fields[key] else { return nil }
        return at(.key(key)) { body(&$0, value) }
    }

    /// Reads one field that is a list, if it is there, and each item of it with `body`.
    mutating func list<T>(
        _ fields: Fields, _ key: String, example: String, _ body: (inout Self, YAMLValue) -> T?
    ) -> [T]? {
        field(fields, key) { $0.list($1, example: example, body) }
    }

    /// A map of texts, whose keys are the user's own; `body` reads a key's value.
    mutating func texts(
        _ value: YAMLValue, keys what: String, _ body: (inout Self, String, YAMLValue.Entry) -> String?
    ) -> [String: String] {
        var texts: [String: String] = [:]
        var seen: [String: YAMLValue.Mark] = [:]
        for entry in mapEntries(value) ?? [] {
            guard let key = text(entry.key, what) else { continue }
            at(.key(key)) { reader in
                let text = body(&reader, key, entry)
                if let text, !reader.isDuplicate(key, entry.key.mark, &seen) { texts[key] = text }
            }
        }
        return texts
    }

    /// The items of a list, each read with `body`.
    mutating func list<T>(_ value: YAMLValue, example: String, _ body: (inout Self, YAMLValue) -> T?) -> [T] {
        guard case .sequence(let items) = value.content else {
            report(value.mark, "want a list, such as \(example), found \(value.kindName)")
            return []
        }
        guard mayRead(items.count, value.mark) else { return [] }
        var result: [T] = []
        result.reserveCapacity(items.count)
        for (index, item) in items.enumerated() {
            at(.index(index)) { reader in
                if let read = body(&reader, item) { result.append(read) }
            }
        }
        return result
    }

    /// The pairs of a map; a value that was left empty is an empty map.
    mutating func mapEntries(_ value: YAMLValue) -> [YAMLValue.Entry]? {
        if case .mapping(let entries) = value.content { return mayRead(entries.count, value.mark) ? entries : nil }
        if value.isNull { return [] }
        report(value.mark, "want a map of names and values, found \(value.kindName)")
        return nil
    }

    private mutating func keyText(_ key: YAMLValue) -> String? {
        if let text = key.text, !key.isNull { return text }
        report(key.mark, "a key has to be a name, and this is \(key.kindName)")
        return nil
    }

    /// Whether so many more values may be read. Below a range each entry of it reads them once more.
    private mutating func mayRead(_ count: Int, _ mark: YAMLValue.Mark) -> Bool {
        if scopes.isEmpty { return true }
        if repeatedValues > Self.maximumRepetition { return false }
        repeatedValues += count
        if repeatedValues <= Self.maximumRepetition { return true }
        report(mark, "the ranges of this file repeat more than \(Self.maximumRepetition) values")
        return false
    }

    // MARK: Scalars

    /// Text, with the ranges in it replaced by their values at this step.
    mutating func text(_ value: YAMLValue, _ what: String) -> String? {
        guard case .scalar(let raw, let isPlain) = value.content, !value.isNull else {
            report(value.mark, "want \(what), found \(value.kindName)")
            return nil
        }
        // Other YAML readers take these words for booleans; whoever writes one as a name should say so.
        if isPlain, Self.booleanWords.contains(raw) {
            report(value.mark, "want \(what); if \(raw) is meant as text, put it in quotes: \"\(raw)\"")
            return nil
        }
        return stepped(raw, value.mark)
    }

    private static let booleanWords: Set<String> = [
        "true", "True", "TRUE", "false", "False", "FALSE", "yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON",
        "off", "Off", "OFF",
    ]

    /// The text with each range replaced by its value at the step of the ranged key above that has as many values.
    mutating func stepped(_ raw: String, _ mark: YAMLValue.Mark) -> String? {
        // A long text takes long to look at, and may have many ranges.
        guard mayRead(raw.utf8.count / 8, mark) else { return nil }
        guard BraceTemplate.isNeeded(for: raw) else { return raw }
        let template: BraceTemplate
        do { template = try BraceTemplate(raw) } catch {
            report(mark, error.sentence)
            return nil
        }
        var steps: [BraceRange: Int] = [:]
        let scopes = scopes
        for range in template.ranges {
            let fitting = scopes.filter { $0.range.count == range.count }
            guard let scope = fitting.first else {
                report(
                    mark,
                    scopes.isEmpty
                        ? "\(range) needs a key with a range above it to step along with, such as node-{1..\(range.count)}"
                        : "\(range) has \(range.count) values, but "
                            + scopes.map { "\($0.key) has \($0.range.count)" }.joined(separator: " and "))
                return nil
            }
            guard fitting.count == 1 else {
                report(
                    mark,
                    "\(range) can step along with \(fitting.map(\.key).joined(separator: " or with ")), which have "
                        + "\(range.count) values both; write the entries of one of them out")
                return nil
            }
            steps[range] = scope.step
        }
        return template.text { $0.value(at: steps[$0] ?? 0) }
    }

    /// `true` or `false`.
    mutating func boolean(_ value: YAMLValue) -> Bool? {
        if case .scalar(let text, isPlain: true) = value.content {
            if text == "true" { return true }
            if text == "false" { return false }
        }
        report(value.mark, "want true or false\(value.text.map { ", found \"\($0)\"" } ?? "")")
        return nil
    }

    /// A whole decimal number in a range.
    mutating func number<N: FixedWidthInteger>(_ value: YAMLValue, _ what: String, _ bounds: ClosedRange<N>) -> N? {
        guard case .scalar(let raw, _) = value.content, !value.isNull, let text = stepped(raw, value.mark) else {
            if value.text == nil || value.isNull {
                report(value.mark, "want \(what), found \(value.kindName)")
            }
            return nil
        }
        if let number: N = Self.decimal(text), bounds.contains(number) { return number }
        report(
            value.mark,
            "\"\(text)\" is not \(what): a whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
        return nil
    }

    /// Decimal digits without sign, blanks or leading zeros.
    static func decimal<N: FixedWidthInteger>(_ text: some StringProtocol) -> N? {
        guard let first = text.utf8.first, first != UInt8(ascii: "0") || text.utf8.count == 1,
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return N(text)
    }
}
