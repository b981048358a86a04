import Yams

extension YAMLValue {
    /// Reads the one document of a YAML text; nil if the text has none.
    ///
    /// Costs time and memory in proportion to the text, whatever the text is: see `refuseHostileYAML`.
    package static func compose(_ bytes: [UInt8]) throws(YAMLSyntaxError) -> YAMLValue? {
        // libyaml takes a byte order mark for a character, once it is told the encoding.
        let bytes = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? Array(bytes.dropFirst(3)) : bytes
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw YAMLSyntaxError(firstInvalidUTF8(bytes), "this is not UTF-8 text; save the file as UTF-8")
        }
        try refuseHostileYAML(bytes)
        var renamed = RenamedKeys()
        var attempt = text
        while true {
            do {
                // The basic resolver has no rules: the default one compiles regular expressions with Foundation.
                // The encoding is named because the library would look into the environment for it.
                guard let root = try Yams.compose(yaml: attempt, .basic, .default, .utf8) else { return nil }
                return value(root, renamed)
            } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                // The library stops at the first duplicate. Rename it and go on, so that all errors are seen at once.
                guard let next = renamed.renaming(context.mark, in: attempt) else {
                    throw YAMLSyntaxError(
                        renamed.original(context.mark), "the key \(keys.first ?? "") stands twice in one map")
                }
                attempt = next
            } catch let error as YamlError {
                throw syntaxError(error, bytes, renamed)
            } catch {
                throw YAMLSyntaxError(Mark(line: 1, column: 1), "this is not YAML: \(error)")
            }
        }
    }

    private static func value(_ node: Yams.Node, _ renamed: RenamedKeys) -> YAMLValue {
        switch node {
        case .scalar(let scalar):
            let place = renamed.original(scalar.mark)
            let tag = scalar.tag.rawValue
            guard tag.isEmpty || tag == Tag.Name.str.rawValue else { return YAMLValue(.tagged(tag), mark: place) }
            return YAMLValue(
                .scalar(renamed.originalKey(scalar.string).withoutByteOrderMarks, isPlain: scalar.style == .plain),
                mark: place)
        case .sequence(let sequence):
            let place = renamed.original(sequence.mark)
            guard sequence.tag.rawValue.isEmpty || sequence.tag.rawValue == Tag.Name.seq.rawValue else {
                return YAMLValue(.tagged(sequence.tag.rawValue), mark: place)
            }
            return YAMLValue(.sequence(sequence.map { value($0, renamed) }), mark: place)
        case .mapping(let mapping):
            let place = renamed.original(mapping.mark)
            guard mapping.tag.rawValue.isEmpty || mapping.tag.rawValue == Tag.Name.map.rawValue else {
                return YAMLValue(.tagged(mapping.tag.rawValue), mark: place)
            }
            let entries = mapping.map { Entry(key: value($0.key, renamed), value: value($0.value, renamed)) }
            return YAMLValue(.mapping(entries), mark: place)
        case .alias(let alias):
            // The library replaces aliases while it composes; this case is for trees that programs build.
            return YAMLValue(.tagged("alias"), mark: renamed.original(alias.mark))
        }
    }

    private static func syntaxError(_ error: YamlError, _ bytes: [UInt8], _ renamed: RenamedKeys) -> YAMLSyntaxError {
        switch error {
        case .scanner(let context, let problem, let place, _), .parser(let context, let problem, let place, _),
            .composer(let context, let problem, let place, _):
            let mark = renamed.original(place)
            if problem == "but found another document" {
                return YAMLSyntaxError(mark, "a second document begins here; one file is one lab")
            }
            if problem == "found undefined alias" {
                return YAMLSyntaxError(mark, "this alias names no anchor above it")
            }
            let hint = hint(line: lineText(mark.line, bytes))
            let whilst = context.map { $0.text.isEmpty ? "" : " \($0.text) that began in line \($0.mark.line)" } ?? ""
            return YAMLSyntaxError(mark, "this is not YAML: \(problem)\(whilst)\(hint)")
        case .reader(let problem, let offset, let value, let yaml):
            // The offset counts characters.
            let prefix = yaml.prefix(offset ?? 0).utf8.count
            let code = value > 0 ? " (U+\(String(value, radix: 16, uppercase: true)))" : ""
            return YAMLSyntaxError(
                renamed.original(place(ofByte: prefix, in: Array(yaml.utf8))), "this is not YAML: \(problem)\(code)")
        default:
            return YAMLSyntaxError(Mark(line: 1, column: 1), "this is not YAML")
        }
    }

    /// What people mostly did when a line is no YAML.
    private static func hint(line: ArraySlice<UInt8>) -> String {
        if line.prefix(while: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }).contains(UInt8(ascii: "\t")) {
            return "; YAML is indented with spaces, and this line has a tab"
        }
        if String(decoding: line, as: UTF8.self).contains("..") {
            return "; inside { } and [ ] a range needs quotes: \"tor:eth{1..3}\""
        }
        return ""
    }

    private static func lineText(_ line: Int, _ bytes: [UInt8]) -> ArraySlice<UInt8> {
        var rest = bytes[...]
        for _ in 1..<max(line, 1) {
            guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return [] }
            rest = rest[(end + 1)...]
        }
        return rest.prefix { $0 != UInt8(ascii: "\n") }
    }

    static func firstInvalidUTF8(_ bytes: [UInt8]) -> Mark {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var mark = Mark(line: 1, column: 1)
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            mark =
                scalar == "\n" ? Mark(line: mark.line + 1, column: 1) : Mark(line: mark.line, column: mark.column + 1)
        }
        return mark
    }
}
