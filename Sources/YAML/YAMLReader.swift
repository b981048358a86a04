/// Which values an alias may repeat.
package enum AliasPolicy: Sendable {
    /// Single values: lists and maps are not repeated, and merge keys (`<<`) are keys like others.
    case scalars
    /// All values; merge keys are followed (yaml.org/type/merge).
    case all
}

/// Builds a document's tree from libyaml's events, in the order of the text.
///
/// What aliases repeat counts each time, so that "billion laughs" end early, and an alias inside of its own anchor names
/// nothing. What is written once is bounded by the document's bytes.
struct YAMLReader: ~Copyable {
    private var events: YAMLEvents
    private let aliases: AliasPolicy
    private var anchors: [String: Anchored] = [:]
    /// The values and the bytes of text so far, those that aliases repeat included.
    private var (size, bytes) = (0, 0)
    private var duplicateKeys: [YAMLSyntaxError] = []

    /// The most values that a document may hold once its aliases are followed.
    static let maximumValues = 200_000
    /// The most bytes of text that a document may hold once its aliases are followed.
    static let maximumText = 4 << 20
    /// The most lists and maps that may be inside of each other. Readers of the tree recurse.
    static let maximumDepth = 100

    /// A value, and how deep its lists and maps go.
    private struct Built {
        var value: YAMLValue
        var height = 0
    }

    private enum Anchored {
        /// A list or map that has not ended.
        case open
        case closed(Built, size: Int, bytes: Int)
    }

    init(_ document: YAMLDocument, _ aliases: AliasPolicy) {
        events = YAMLEvents(document)
        self.aliases = aliases
    }

    /// Reads the whole document; nil for one without content.
    mutating func tree() throws(YAMLSyntaxError) -> YAMLTree? {
        try events.enterDocument()
        let first = try events.next()
        if case .end = first.kind { return nil }
        let root = try build(first, depth: 0).value
        // The document's end, then the stream's.
        _ = try events.next()
        let last = try events.next()
        guard case .end = last.kind else { throw YAMLSyntaxError(last.mark, "a second document begins here") }
        if case .scalar("", isPlain: true) = root.content { return nil }
        return YAMLTree(root: root, duplicateKeys: duplicateKeys)
    }

    private mutating func build(_ event: YAMLEvent, depth: Int) throws(YAMLSyntaxError) -> Built {
        try Self.limit(depth, event.mark)
        if case .alias(let name) = event.kind { return try follow(name, depth, event.mark) }
        let before = (size: size, bytes: bytes)
        size += 1
        if let anchor = event.anchor { anchors[anchor] = .open }
        var built = Built(value: YAMLValue(.sequence([]), mark: event.mark))
        switch event.kind {
        case .scalar(let text, let isPlain):
            bytes += text.utf8.count
            built.value.content = .scalar(text, isPlain: isPlain)
        case .sequenceStart:
            var items: [YAMLValue] = []
            while let next = try item() {
                let item = try build(next, depth: depth + 1)
                built.height = max(built.height, item.height + 1)
                items.append(item.value)
            }
            built.value.content = .sequence(items)
        case .mappingStart: try buildEntries(of: &built, depth)
        case .alias, .end, .documentStart: break
        }
        if let tag = event.foreignTag { built.value.content = .tagged(tag) }
        if let anchor = event.anchor {
            anchors[anchor] = .closed(built, size: size - before.size, bytes: bytes - before.bytes)
        }
        return built
    }

    /// The next item's event; nil at the end of the list or map.
    private mutating func item() throws(YAMLSyntaxError) -> YAMLEvent? {
        let event = try events.next()
        if case .end = event.kind { return nil }
        return event
    }

    private mutating func buildEntries(of built: inout Built, _ depth: Int) throws(YAMLSyntaxError) {
        var entries: [YAMLValue.Entry] = []
        var places: [String: YAMLValue.Mark] = [:]
        while let next = try item() {
            let key = try build(next, depth: depth + 1)
            let value = try build(events.next(), depth: depth + 1)
            built.height = max(built.height, key.height + 1, value.height + 1)
            entries.append(YAMLValue.Entry(key: key.value, value: value.value))
            guard let text = key.value.text else { continue }
            if let first = places[text] {
                if duplicateKeys.count < 1000 {
                    duplicateKeys.append(YAMLSyntaxError(duplicate: text, key.value.mark, first: first))
                }
            } else {
                places[text] = key.value.mark
            }
        }
        let merges = aliases == .all && places["<<"] != nil && entries.contains { Self.isMergeKey($0.key) }
        built.value.content = .mapping(merges ? try merged(entries) : entries)
    }

    private mutating func follow(
        _ name: String, _ depth: Int, _ mark: YAMLValue.Mark
    ) throws(YAMLSyntaxError) -> Built {
        switch (anchors[name], aliases) {
        case (nil, _), (.open, .all): throw YAMLSyntaxError(mark, "the alias *\(name) names no anchor above it")
        case (.open, .scalars): throw Self.collection(name, mark)
        case (.closed(let target, let values, let text), _):
            if aliases == .scalars {
                switch target.value.content {
                case .sequence, .mapping: throw Self.collection(name, mark)
                case .scalar, .tagged: break
                }
            }
            bytes += text
            try count(values, mark)
            try Self.limit(depth + target.height, mark)
            return target
        }
    }

    /// The pairs with those of merge keys: what is written beside them wins.
    private mutating func merged(_ entries: [YAMLValue.Entry]) throws(YAMLSyntaxError) -> [YAMLValue.Entry] {
        var result = entries.filter { !Self.isMergeKey($0.key) }
        var keys = Set(result.compactMap(\.key.text))
        for entry in entries where Self.isMergeKey(entry.key) {
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

    /// In quotes it is a key like others.
    private static func isMergeKey(_ key: YAMLValue) -> Bool {
        if case .scalar("<<", isPlain: true) = key.content { true } else { false }
    }

    private mutating func count(_ more: Int, _ mark: YAMLValue.Mark) throws(YAMLSyntaxError) {
        size += more
        guard size <= Self.maximumValues else {
            throw YAMLSyntaxError(
                mark, "the document has more than \(Self.maximumValues) values, aliases followed; a lab needs less")
        }
        guard bytes <= Self.maximumText else {
            throw YAMLSyntaxError(
                mark,
                "the document has more than \(Self.maximumText >> 20) MiB of text, aliases followed; a lab needs less")
        }
    }

    /// Refuses what is nested deeper than the readers of the tree go.
    static func limit(_ depth: Int, _ mark: YAMLValue.Mark) throws(YAMLSyntaxError) {
        guard depth <= maximumDepth else {
            throw YAMLSyntaxError(
                mark, "lists and maps go deeper than \(maximumDepth), aliases followed; a lab needs less")
        }
    }

    private static func collection(_ name: String, _ mark: YAMLValue.Mark) -> YAMLSyntaxError {
        YAMLSyntaxError(
            mark,
            "*\(name) repeats a list or map, and only single values may be repeated with an alias; "
                + "a range such as node-{1..3} makes many entries of one")
    }
}
