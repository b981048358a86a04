import CYAML

/// One step of a YAML text.
struct YAMLEvent {
    var kind: Kind
    /// Where it begins.
    var mark: YAMLValue.Mark
    /// The name that aliases repeat its value by.
    var anchor: String?
    /// A tag that is not one of YAML's own (`tag:yaml.org,2002:`, or `!` for "no tag").
    var foreignTag: String?

    enum Kind {
        case documentStart
        /// The name of an anchor.
        case alias(String)
        /// Text; plain if no quotes and no tag make it text.
        case scalar(String, isPlain: Bool)
        case sequenceStart
        case mappingStart
        /// The end of a list, map, document or stream.
        case end
    }
}

/// The steps of one document, from libyaml (https://pyyaml.org/wiki/LibYAML). Pointers stay in this file.
///
/// libyaml is given the text as UTF-8, because it would look for UTF-16 otherwise; it counts lines and columns from 0,
/// columns in characters, and ends a line at U+0085, U+2028 and U+2029 too, as YAML 1.1 does.
struct YAMLEvents: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    /// The text, which libyaml reads from for as long as the parser lives.
    private let text: UnsafeMutableBufferPointer<UInt8>
    /// The lines of the file before the document.
    private let lines: Int
    private let isReady: Bool

    init(_ document: YAMLDocument) {
        lines = document.firstLine - 1
        text = .allocate(capacity: document.bytes.count)
        _ = text.initialize(from: document.bytes)
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        isReady = yaml_parser_initialize(parser) == 1
        guard isReady else { return }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, text.baseAddress, text.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        text.deallocate()
    }

    /// The next step. Not to be asked for after an error.
    mutating func next() throws(YAMLSyntaxError) -> YAMLEvent {
        var event = yaml_event_t()
        guard isReady, yaml_parser_parse(parser, &event) == 1 else { throw failure() }
        defer { yaml_event_delete(&event) }
        var result = YAMLEvent(kind: .end, mark: mark(event.start_mark))
        switch event.type {
        case YAML_STREAM_START_EVENT: return try next()
        case YAML_DOCUMENT_START_EVENT: result.kind = .documentStart
        case YAML_ALIAS_EVENT: result.kind = .alias(Self.string(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let tag = Self.string(scalar.tag)
            let value = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            result.kind = .scalar(
                Self.text(value),
                isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE && tag != "!" && tag != "tag:yaml.org,2002:str")
            (result.anchor, result.foreignTag) = (Self.string(scalar.anchor), Self.foreign(tag))
        case YAML_SEQUENCE_START_EVENT:
            result.kind = .sequenceStart
            let start = event.data.sequence_start
            (result.anchor, result.foreignTag) = (Self.string(start.anchor), Self.foreign(Self.string(start.tag)))
        case YAML_MAPPING_START_EVENT:
            result.kind = .mappingStart
            let start = event.data.mapping_start
            (result.anchor, result.foreignTag) = (Self.string(start.anchor), Self.foreign(Self.string(start.tag)))
        default: break
        }
        return result
    }

    /// Goes into the document. In an empty stream there is none, and the next step is an end too.
    mutating func enterDocument() throws(YAMLSyntaxError) { _ = try next() }

    /// Goes past the value that this step begins.
    mutating func skip(_ event: YAMLEvent) throws(YAMLSyntaxError) {
        var (event, depth) = (event, 0)
        while true {
            switch event.kind {
            case .sequenceStart, .mappingStart: depth += 1
            case .end: depth -= 1
            case .alias, .scalar, .documentStart: break
            }
            if depth <= 0 { return }
            try YAMLReader.limit(depth, event.mark)
            event = try next()
        }
    }

    private static func string(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(cString: $0) }
    }

    private static func foreign(_ tag: String?) -> String? {
        guard let tag, tag != "!", !tag.hasPrefix("tag:yaml.org,2002:") else { return nil }
        return tag
    }

    /// The text without U+FEFF, which means nothing inside a text (Unicode 15.0, section 23.8) and cannot be seen.
    private static func text(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self).withoutByteOrderMarks
    }

    // MARK: Errors

    private func mark(_ mark: yaml_mark_t) -> YAMLValue.Mark {
        YAMLValue.Mark(line: mark.line + 1 + lines, column: mark.column + 1)
    }

    private func failure() -> YAMLSyntaxError {
        let state = parser.pointee
        let problem = state.problem.map { String(cString: $0) } ?? ""
        switch state.error {
        case YAML_READER_ERROR:
            var offset = state.problem_offset
            if problem.hasPrefix("invalid trailing") {
                // The offset is that of the byte that is wrong, inside of a character.
                repeat { offset -= 1 } while offset > 0 && text[offset] & 0xc0 == 0x80
            }
            let place = place(ofByte: offset)
            guard problem.hasPrefix("control characters") else {
                return YAMLSyntaxError(place, "this is not UTF-8 text; save the file as UTF-8")
            }
            let digits = String(state.problem_value, radix: 16, uppercase: true)
            let code = String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
            return YAMLSyntaxError(place, "this is not YAML: \(problem) (U+\(code))")
        case YAML_SCANNER_ERROR, YAML_PARSER_ERROR:
            let context =
                state.context.map { " \(String(cString: $0)) that began in line \(mark(state.context_mark).line)" }
                ?? ""
            return YAMLSyntaxError(mark(state.problem_mark), "this is not YAML: \(problem)\(context)\(hint(state))")
        default: return YAMLSyntaxError(YAMLValue.Mark(line: lines + 1, column: 1), "there is no memory to read this")
        }
    }

    /// What people mostly did when a line is not YAML.
    private func hint(_ state: yaml_parser_t) -> String {
        let line = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .dropFirst(state.problem_mark.line).first
        let blanks = line?.prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") } ?? []
        return blanks.contains(UInt8(ascii: "\t")) ? "; YAML is indented with spaces, and this line has a tab" : ""
    }

    private func place(ofByte offset: Int) -> YAMLValue.Mark {
        var place = YAMLValue.Mark(line: lines + 1, column: 1)
        for (index, byte) in text.prefix(offset).enumerated() {
            if byte == UInt8(ascii: "\n")
                || byte == UInt8(ascii: "\r") && (index + 1 == text.count || text[index + 1] != UInt8(ascii: "\n"))
            {
                place = YAMLValue.Mark(line: place.line + 1, column: 1)
            } else if byte & 0xc0 != 0x80 {
                place.column += 1
            }
        }
        return place
    }
}

extension String {
    /// The text without U+FEFF.
    package var withoutByteOrderMarks: String {
        guard utf8.contains(0xef), unicodeScalars.contains("\u{FEFF}") else { return self }
        var scalars = UnicodeScalarView()
        scalars.append(contentsOf: unicodeScalars.lazy.filter { $0 != "\u{FEFF}" })
        return String(scalars)
    }
}
