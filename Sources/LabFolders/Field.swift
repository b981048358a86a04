import Addresses
import Topology
import YAML

/// A field of a YAML document: its value, if it is there, and its place. What is asked of a field that is not
/// there is nothing, so that a reader goes down without looking at each step.
struct Field: Sendable {
    /// The file's path below the folder.
    let file: String
    /// The steps from the document's root.
    let path: FieldPath
    /// The value's place; for a field that is not there, the map that it would be in.
    let mark: YAMLValue.Mark
    /// The value; nil for one that is not there, or is null.
    let value: YAMLValue?

    /// A document's root; of one that is the text of a field of another document, with that field's path.
    init(root: YAMLValue, file: String, path: FieldPath = FieldPath()) {
        self.file = file
        self.path = path
        mark = root.mark
        value = root
    }

    private init(_ value: YAMLValue?, _ path: FieldPath, below parent: Field) {
        file = parent.file
        self.path = path
        mark = value?.mark ?? parent.mark
        self.value = value.flatMap { $0.isNull ? nil : $0 }
    }

    var place: SourceLine { SourceLine(file: file, line: mark.line) }
    /// Whether it is there, and more than null.
    var isPresent: Bool { value != nil }

    // MARK: Going down

    /// The field of this name in a map.
    subscript(key: String) -> Field {
        var found: YAMLValue?
        if case .mapping(let entries)? = value?.content { found = entries.first { $0.key.text == key }?.value }
        return Field(found, path[key], below: self)
    }

    /// The items of a list; none where the field is something else.
    var items: [Field] {
        guard case .sequence(let items)? = value?.content else { return [] }
        return items.enumerated().map { Field($1, path[$0], below: self) }
    }

    /// The pairs of a map, the later one of two with one key; none where the field is something else.
    var entries: [(key: String, field: Field)] {
        guard case .mapping(let entries)? = value?.content else { return [] }
        return entries.compactMap { entry in
            guard let key = entry.key.text else { return nil }
            let field = Field(entry.value, path[key], below: self)
            // An entry without a value is at its key.
            return (key, field)
        }
    }

    /// The items of a list that the field has to be, if it is there.
    func list(_ diagnostics: inout Diagnostics) -> [Field] {
        guard let value else { return [] }
        if case .sequence = value.content { return items }
        diagnostics.error(self, "want a list, found \(value.kindName)")
        return []
    }

    /// The pairs of a map that the field has to be, if it is there.
    func map(_ diagnostics: inout Diagnostics) -> [(key: String, field: Field)] {
        guard let value else { return [] }
        if case .mapping = value.content { return entries }
        diagnostics.error(self, "want a map of names and values, found \(value.kindName)")
        return []
    }

    // MARK: Values

    /// The text of a single value, whatever it is.
    var text: String? { value?.text }

    /// Text that the field has to be, if it is there.
    func text(_ diagnostics: inout Diagnostics) -> String? {
        guard let value else { return nil }
        if let text = value.text { return text }
        diagnostics.error(self, "want a single value, found \(value.kindName)")
        return nil
    }

    /// `true` or `false`, if it is there.
    func boolean(_ diagnostics: inout Diagnostics) -> Bool? {
        guard let text = text(&diagnostics) else { return nil }
        switch text {
        case "true", "True", "TRUE", "yes", "on", "Yes", "On": return true
        case "false", "False", "FALSE", "no", "off", "No", "Off": return false
        default:
            diagnostics.error(self, "\"\(text)\" is neither true nor false")
            return nil
        }
    }

    /// One of several words, if it is there.
    func word(_ diagnostics: inout Diagnostics, _ words: [String]) -> String? {
        guard let text = text(&diagnostics) else { return nil }
        if words.contains(text) { return text }
        let near = suggestion(for: text, among: words)
        diagnostics.error(
            self,
            "\"\(text)\" is none of \(words.joined(separator: ", "))\(near.map { "; did you mean \"\($0)\"?" } ?? "")")
        return nil
    }

    /// A whole number in a range, if it is there.
    func number<N: FixedWidthInteger>(
        _ diagnostics: inout Diagnostics, _ what: String, _ bounds: ClosedRange<N>
    ) -> N? {
        guard let text = text(&diagnostics) else { return nil }
        if let number = N(text), bounds.contains(number) { return number }
        diagnostics.error(
            self, "\"\(text)\" is not \(what): a whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
        return nil
    }

    /// An address, if it is there.
    func address(_ diagnostics: inout Diagnostics) -> IPAddress? {
        guard let text = text(&diagnostics) else { return nil }
        if let address = IPAddress(text) { return address }
        diagnostics.error(self, "\"\(text)\" is not an address, such as 10.10.10.10 or fd00::10")
        return nil
    }

    /// A prefix, if it is there; an address stands for itself alone. Bits after the length are cut off.
    func prefix(_ diagnostics: inout Diagnostics) -> Prefix? {
        guard let text = text(&diagnostics) else { return nil }
        if let prefix = Self.prefix(text) { return prefix }
        diagnostics.error(self, "\"\(text)\" is not a prefix, such as 192.168.0.0/16 or fd00::/48")
        return nil
    }

    /// The prefix that a text is; an address stands for itself alone.
    static func prefix(_ text: some StringProtocol) -> Prefix? {
        InterfaceAddress(text)?.prefix ?? IPAddress(text)?.hostPrefix
    }

    /// A map of texts, if it is there; an entry without a value is the empty text.
    func texts(_ diagnostics: inout Diagnostics) -> [String: String] {
        var texts: [String: String] = [:]
        for (key, field) in map(&diagnostics) {
            if let text = field.isPresent ? field.text(&diagnostics) : "" { texts[key] = text }
        }
        return texts
    }
}

extension StringProtocol {
    /// The text without blanks at both ends.
    var trimmingBlanks: String {
        let start = drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}
