import YAML

/// A value as a line: maps in braces, lists in brackets, texts in quotes unless plain, each with its place if asked for.
func outline(_ value: YAMLValue, places: Bool = false) -> String {
    let place = places ? "@\(value.mark.line):\(value.mark.column)" : ""
    return switch value.content {
    case .scalar(let text, true): text + place
    case .scalar(let text, false): "\"\(text)\"" + place
    case .sequence(let items): "[" + items.map { outline($0, places: places) }.joined(separator: " ") + "]" + place
    case .mapping(let entries):
        "{"
            + entries.map { outline($0.key, places: places) + ":" + outline($0.value, places: places) }
            .joined(separator: " ") + "}" + place
    case .tagged(let tag): "<\(tag)>" + place
    }
}

/// The documents of a text as lines; an error in place of one that cannot be read.
func outlines(_ text: String, _ aliases: AliasPolicy = .all, places: Bool = false) -> [String] {
    YAMLDocument.documents(of: Array(text.utf8)).compactMap { document in
        do throws(YAMLSyntaxError) {
            guard let tree = try document.read(aliases) else { return nil }
            let notes = tree.duplicateKeys.map { " ! \($0.mark.line):\($0.mark.column) \($0.sentence)" }
            return outline(tree.root, places: places) + notes.joined()
        } catch {
            return "\(error.mark.line):\(error.mark.column) \(error.sentence)"
        }
    }
}
