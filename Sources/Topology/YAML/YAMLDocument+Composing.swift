import Yams

extension YAMLDocument {
    /// The most bytes of one document that are composed.
    package static let maximumBytes = 1 << 20
    /// The most values that a document may hold once its aliases are followed.
    package static let maximumValues = 200_000
    /// The most lists and maps that may stand inside of each other.
    package static let maximumDepth = 100

    /// Composes the document, with aliases and merge keys (`<<`) followed; nil if it has no content.
    ///
    /// Costs time and memory in proportion to the text, whatever it is: a list or map that aliases repeat counts each
    /// time, so that a "billion laughs" ends early, and an alias inside of its own anchor is an undefined one.
    ///
    /// - Throws: for what is no YAML, a key that stands twice, and what is too large, with the line of the file.
    package func compose() throws(YAMLSyntaxError) -> YAMLValue? {
        let mark = YAMLValue.Mark(line: firstLine, column: 1)
        guard bytes.count <= Self.maximumBytes else {
            throw YAMLSyntaxError(mark, "the document has more than \(Self.maximumBytes >> 20) MiB; a lab needs less")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            var place = YAMLValue.firstInvalidUTF8(Array(bytes))
            place.line += firstLine - 1
            throw YAMLSyntaxError(place, "this is not UTF-8 text; save the file as UTF-8")
        }
        guard let text = AliasMask.masked(bytes) else {
            throw YAMLSyntaxError(mark, "the document has characters that text has not")
        }
        do {
            // The basic resolver has no rules: the default one compiles regular expressions with Foundation. The
            // encoding is named because the library would look into the environment for it. The parser holds the
            // anchors, to which the tree has only weak references.
            let parser = try Parser(yaml: text, resolver: .basic, constructor: .default, encoding: .utf8)
            guard let root = try parser.nextRoot() else { return nil }
            var follower = AliasFollower(line: firstLine - 1)
            let value = try withExtendedLifetime(parser) { try follower.value(root) }
            return value
        } catch let error as YAMLSyntaxError {
            throw error
        } catch let error as YamlError {
            throw syntaxError(error)
        } catch {
            throw YAMLSyntaxError(mark, "this is not YAML: \(error)")
        }
    }

    private func syntaxError(_ error: YamlError) -> YAMLSyntaxError {
        func place(_ mark: Mark) -> YAMLValue.Mark {
            YAMLValue.Mark(line: max(mark.line, 1) + firstLine - 1, column: max(mark.column, 1))
        }
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let whilst =
                context.map { $0.text.isEmpty ? "" : " \($0.text) that began in line \(place($0.mark).line)" } ?? ""
            return YAMLSyntaxError(place(mark), "this is not YAML: \(problem)\(whilst)")
        case .duplicatedKeysInMapping(let keys, let context):
            let key = keys.first.map(AliasMask.unmasked) ?? ""
            return YAMLSyntaxError(place(context.mark), "the key \(key) stands twice in one map")
        case .reader(let problem, _, _, _):
            return YAMLSyntaxError(YAMLValue.Mark(line: firstLine, column: 1), "this is not YAML: \(problem)")
        default: return YAMLSyntaxError(YAMLValue.Mark(line: firstLine, column: 1), "this is not YAML")
        }
    }
}

/// Hides aliases from the YAML library, which would repeat what they name without any bound while it looks for keys that
/// stand twice: `*name` becomes a scalar that begins with a private-use character.
private enum AliasMask {
    /// U+E010 in UTF-8.
    private static let mark: [UInt8] = [0xee, 0x80, 0x90]
    private static let scalar: Unicode.Scalar = "\u{E010}"

    /// The text with masked aliases; nil for bytes that are no UTF-8, or have the mark already.
    static func masked(_ bytes: ArraySlice<UInt8>) -> String? {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + 64)
        var previous = UInt8(ascii: " ")
        for (index, byte) in zip(bytes.indices, bytes) {
            if byte == mark[0], bytes[index...].starts(with: mark) { return nil }
            let next = index + 1 < bytes.endIndex ? bytes[index + 1] : 0
            if byte == UInt8(ascii: "*"), isNameByte(next), !isNameByte(previous) {
                result += mark
            } else {
                result.append(byte)
            }
            previous = byte
        }
        return String(validating: result, as: UTF8.self)
    }

    /// The text as it stood in the file.
    static func unmasked(_ text: String) -> String {
        guard text.unicodeScalars.contains(scalar) else { return text }
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: text.unicodeScalars.lazy.map { $0 == scalar ? "*" : $0 })
        return String(scalars)
    }

    /// The name that a plain scalar is an alias for; nil if it is none.
    static func aliasName(_ text: String) -> String? {
        guard text.unicodeScalars.first == scalar else { return nil }
        let name = text.unicodeScalars.dropFirst()
        return name.allSatisfy { $0.isASCII && isNameByte(UInt8($0.value)) } ? String(name) : nil
    }

    /// libyaml's set of bytes for anchor names.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

/// Turns the library's tree into values, in the order of the text, and follows aliases.
private struct AliasFollower {
    /// The lines before the document.
    let line: Int
    private var anchors: [String: Anchored] = [:]
    /// How many values there are so far.
    private var size = 0

    /// What an anchor names.
    private struct Anchored {
        var value: YAMLValue
        /// How many values it holds, itself included.
        var size: Int
        /// How deep its lists and maps go.
        var height: Int
    }

    init(line: Int) { self.line = line }

    /// The document's value.
    mutating func value(_ root: Yams.Node) throws -> YAMLValue { try read(root, depth: 0).value }

    private mutating func read(_ node: Yams.Node, depth: Int) throws -> (value: YAMLValue, height: Int) {
        let mark = YAMLValue.Mark(line: (node.mark?.line ?? 1) + line, column: node.mark?.column ?? 1)
        let before = size
        try count(1, mark)
        try limit(depth, mark)
        let result: YAMLValue
        var height = 0
        switch node {
        case .scalar(let scalar):
            if scalar.style == .plain, let name = AliasMask.aliasName(scalar.string) {
                return try follow(name, depth, mark)
            }
            let tag = scalar.tag.rawValue
            if tag.isEmpty || tag.hasPrefix("tag:yaml.org,2002:") || tag == "!" {
                // "!!str 5" is text, as if it stood in quotes.
                let isPlain = scalar.style == .plain && tag.isEmpty
                result = YAMLValue(
                    .scalar(AliasMask.unmasked(scalar.string).withoutByteOrderMarks, isPlain: isPlain), mark: mark)
            } else {
                result = YAMLValue(.tagged(AliasMask.unmasked(tag)), mark: mark)
            }
        case .sequence(let sequence):
            var items: [YAMLValue] = []
            for item in sequence {
                let item = try read(item, depth: depth + 1)
                height = max(height, item.height + 1)
                items.append(item.value)
            }
            result = YAMLValue(.sequence(items), mark: mark)
        case .mapping(let mapping):
            var entries: [YAMLValue.Entry] = []
            for (key, content) in mapping {
                let (key, content) = (try read(key, depth: depth + 1), try read(content, depth: depth + 1))
                height = max(height, key.height + 1, content.height + 1)
                entries.append(YAMLValue.Entry(key: key.value, value: content.value))
            }
            result = YAMLValue(.mapping(try merged(entries)), mark: mark)
        case .alias(let alias): return try follow(alias.anchor.rawValue, depth, mark)
        }
        if let anchor = node.anchor {
            anchors[anchor.rawValue] = Anchored(value: result, size: size - before, height: height)
        }
        return (result, height)
    }

    private mutating func follow(
        _ name: String, _ depth: Int, _ mark: YAMLValue.Mark
    ) throws -> (value: YAMLValue, height: Int) {
        guard let target = anchors[name] else {
            throw YAMLSyntaxError(mark, "the alias *\(name) names no anchor above it")
        }
        try count(target.size, mark)
        try limit(depth + target.height, mark)
        return (target.value, target.height)
    }

    /// The pairs with those of merge keys (yaml.org/type/merge): what is written beside them wins.
    private mutating func merged(_ entries: [YAMLValue.Entry]) throws -> [YAMLValue.Entry] {
        guard entries.contains(where: { $0.key.text == "<<" }) else { return entries }
        var result = entries.filter { $0.key.text != "<<" }
        var keys = Set(result.compactMap(\.key.text))
        for entry in entries where entry.key.text == "<<" {
            let sources: [YAMLValue] =
                if case .sequence(let items) = entry.value.content { items } else { [entry.value] }
            for source in sources {
                guard case .mapping(let pairs) = source.content else {
                    throw YAMLSyntaxError(
                        source.mark, "only maps can be merged with <<, and this is \(source.kindName)")
                }
                try count(pairs.count, source.mark)
                for pair in pairs where pair.key.text.map({ keys.insert($0).inserted }) ?? true { result.append(pair) }
            }
        }
        return result
    }

    private mutating func count(_ more: Int, _ mark: YAMLValue.Mark) throws {
        size += more
        guard size <= YAMLDocument.maximumValues else {
            throw YAMLSyntaxError(
                mark,
                "the document has more than \(YAMLDocument.maximumValues) values, aliases followed; a lab needs less")
        }
    }

    private func limit(_ depth: Int, _ mark: YAMLValue.Mark) throws {
        guard depth <= YAMLDocument.maximumDepth else {
            throw YAMLSyntaxError(
                mark, "lists and maps go deeper than \(YAMLDocument.maximumDepth), aliases followed; a lab needs less")
        }
    }
}
