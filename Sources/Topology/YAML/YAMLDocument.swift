/// One document of a YAML stream, not yet composed: manifests hold many, and most of them need not be.
package struct YAMLDocument: Sendable {
    /// The line of the file that it begins in, counted from 1.
    package let firstLine: Int
    /// Its text, with the `---` before it if it has one.
    package let bytes: ArraySlice<UInt8>

    /// The documents of a stream. A line that begins with `---` or `...` ends a document wherever it stands (YAML 1.2,
    /// 9.1.2): nothing, not even a block of text, may hold one. Documents without any content are left out.
    package static func documents(of bytes: [UInt8]) -> [YAMLDocument] {
        var documents: [YAMLDocument] = []
        var (start, startLine, line, index) = (0, 1, 1, 0)
        func close(at end: Int) {
            let document = YAMLDocument(firstLine: startLine, bytes: bytes[start..<end])
            if document.hasContent { documents.append(document) }
        }
        while index < bytes.count {
            if index > start, isMarker(bytes, at: index) {
                close(at: index)
                (start, startLine) = (index, line)
            }
            guard let end = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) else { break }
            index = end + 1
            line += 1
        }
        close(at: bytes.count)
        return documents
    }

    private static func isMarker(_ bytes: [UInt8], at index: Int) -> Bool {
        guard index + 3 <= bytes.count else { return false }
        let mark = bytes[index]
        guard mark == UInt8(ascii: "-") || mark == UInt8(ascii: "."), bytes[index + 1] == mark, bytes[index + 2] == mark
        else { return false }
        return index + 3 == bytes.count || bytes[index + 3] <= UInt8(ascii: " ")
    }

    /// Whether there is more than blanks, comments, directives and the document's own mark.
    private var hasContent: Bool {
        lines.contains { line in
            let text = line.drop { $0 <= UInt8(ascii: " ") }
            guard let first = text.first, first != UInt8(ascii: "#") else { return false }
            if first == UInt8(ascii: "%"), text.startIndex == line.startIndex { return false }
            let isMarker = text.startIndex == line.startIndex && Self.isMarker(Array(line.prefix(4)), at: 0)
            return !isMarker || text.dropFirst(3).contains { $0 > UInt8(ascii: " ") && $0 != UInt8(ascii: "#") }
        }
    }

    private var lines: some Sequence<ArraySlice<UInt8>> { bytes.split(separator: UInt8(ascii: "\n")).lazy }

    /// The text of a field of the outermost map, looked up without composing; nil where the document has no such line,
    /// or is written in braces.
    package func outermostText(_ key: String) -> String? {
        let wanted = Array(key.utf8)
        var indentation: Int?
        for line in lines {
            let text = line.drop { $0 == UInt8(ascii: " ") }
            guard let first = text.first, first != UInt8(ascii: "#"), first > UInt8(ascii: " ") else { continue }
            if indentation == nil, Self.isMarker(Array(line.prefix(4)), at: 0) || first == UInt8(ascii: "%") {
                continue
            }
            let depth = text.startIndex - line.startIndex
            if indentation == nil { indentation = depth }
            guard depth == indentation else { continue }
            var rest = text
            let quote = first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") ? first : nil
            if quote != nil { rest = rest.dropFirst() }
            guard rest.starts(with: wanted) else { continue }
            rest = rest.dropFirst(wanted.count)
            if let quote {
                guard rest.first == quote else { continue }
                rest = rest.dropFirst()
            }
            rest = rest.drop { $0 == UInt8(ascii: " ") }
            guard rest.first == UInt8(ascii: ":") else { continue }
            return Self.plainText(rest.dropFirst())
        }
        return nil
    }

    /// A value on the rest of a line, without its quotes and the comment behind it.
    private static func plainText(_ bytes: ArraySlice<UInt8>) -> String {
        let text = bytes.drop { $0 <= UInt8(ascii: " ") }
        guard let first = text.first else { return "" }
        if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
            return String(decoding: text.dropFirst().prefix { $0 != first }, as: UTF8.self)
        }
        return String(decoding: text.prefix { $0 > UInt8(ascii: " ") }, as: UTF8.self)
    }

    /// Whether it is written in braces (JSON), where `outermostText` finds nothing.
    package var isInBraces: Bool {
        for line in lines {
            let text = line.drop { $0 <= UInt8(ascii: " ") }
            guard let first = text.first, first != UInt8(ascii: "#") else { continue }
            if text.startIndex == line.startIndex, Self.isMarker(Array(line.prefix(4)), at: 0), text.count == 3 {
                continue
            }
            return first == UInt8(ascii: "{")
        }
        return false
    }
}
