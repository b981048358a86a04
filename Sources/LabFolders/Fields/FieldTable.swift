import Topology
import YAML

/// The fields of a file format, and what is done about each: a table of lines, `PATH MARK SENTENCE`.
///
/// A path has its steps between dots: a field's name, `*` for any name, `[]` for each item of a list, `@NAME` for all lines of another
/// table. Marks are `+` for a field that is read, `-` for one that means nothing to a network, and `!` for one that means something and
/// is not done, with the sentence that is told. What is below a field without lines for it is the field's own.
struct FieldTable: Sendable {
    /// What is done about a field.
    enum Treatment: Hashable, Sendable {
        case read
        case irrelevant
        case told(String)
    }

    /// A field, with those below it.
    fileprivate final class Node: Sendable {
        let treatment: Treatment
        let children: [String: Node]

        init(_ treatment: Treatment, _ children: [String: Node]) {
            self.treatment = treatment
            self.children = children
        }
    }

    private let root: Node
    /// The lines, with the tables that they name in their places.
    let lines: [(path: [String], treatment: Treatment)]

    /// - Parameter parts: the tables that lines name, by name.
    init(_ text: String, parts: [String: String] = [:]) {
        lines = Self.lines(of: text, parts, depth: 0)
        root = Self.node(lines.map { ($0.path[...], $0.treatment) })
    }

    private static func lines(
        of text: String, _ parts: [String: String], depth: Int
    ) -> [(path: [String], treatment: Treatment)] {
        text.split(separator: "\n").flatMap { line -> [(path: [String], treatment: Treatment)] in
            let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
            guard let first = words.first else { return [] }
            let path = first.split(separator: ".").map(String.init)
            if let name = path.last, name.hasPrefix("@") {
                guard depth < 8 else { return [] }
                return lines(of: parts[String(name.dropFirst())] ?? "", parts, depth: depth + 1).map {
                    (path.dropLast() + $0.path, $0.treatment)
                }
            }
            let sentence = words.count > 2 ? words[2].trimmingBlanks : ""
            return switch words.count > 1 ? words[1] : "+" {
            case "-": [(path, .irrelevant)]
            case "!": [(path, .told(sentence))]
            default: [(path, .read)]
            }
        }
    }

    private static func node(_ lines: [(path: ArraySlice<String>, treatment: Treatment)]) -> Node {
        let own = lines.first { $0.path.isEmpty }?.treatment ?? .read
        let below = Dictionary(grouping: lines.filter { !$0.path.isEmpty }) { $0.path.first ?? "" }
        return Node(own, below.mapValues { node($0.map { ($0.path.dropFirst(), $0.treatment) }) })
    }

    /// What is done about a field; nil for one that the format does not have.
    func treatment(of path: [String]) -> Treatment? {
        var node = root
        for step in path {
            // What is below a field without lines for it is the field's own.
            if node.children.isEmpty { return node.treatment }
            guard let next = node.children[step] ?? (step == "[]" ? nil : node.children["*"]) else { return nil }
            node = next
        }
        return node.treatment
    }

    /// Tells of each field of a document that is not done, or not known.
    func check(_ field: Field, _ diagnostics: inout Diagnostics) { check(field, root, &diagnostics) }

    private func check(_ field: Field, _ node: Node, _ diagnostics: inout Diagnostics) {
        if node.children.isEmpty { return }
        switch field.value?.content {
        case .sequence?:
            guard let item = node.children["[]"] else { return }
            for one in field.items { check(one, item, &diagnostics) }
        case .mapping(let entries)?:
            let names = node.children.keys.filter { $0 != "*" && $0 != "[]" }
            // A field that may be a list or a map has lines of one of them alone.
            if names.isEmpty, node.children["*"] == nil { return }
            for entry in entries {
                guard let key = entry.key.text else { continue }
                let place = SourceLine(file: field.file, line: entry.key.mark.line)
                let path = field.path[key]
                guard let child = node.children[key] ?? node.children["*"] else {
                    let near = suggestion(for: key, among: names.sorted())
                    diagnostics.warn(
                        at: place,
                        "\(path): there is no field \(shortened(key)) here\(near.map { "; did you mean \"\($0)\"?" } ?? ""); it is left out"
                    )
                    continue
                }
                if case .told(let sentence) = child.treatment {
                    diagnostics.warn(at: place, "\(path): \(sentence)")
                } else {
                    check(field[key], child, &diagnostics)
                }
            }
        default: return
        }
    }

    /// How many characters of a name are shown.
    private func shortened(_ text: String) -> String { text.count > 60 ? text.prefix(60) + "…" : text }
}
