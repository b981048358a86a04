/// One document of a YAML stream, not yet read: an error in one leaves the others readable, and of many manifests most
/// need not be read.
package struct YAMLDocument: Sendable {
    /// The line of the file that it begins in, counted from 1.
    package let firstLine: Int
    /// Its text, with its directives and its `---` if it has them.
    package let bytes: ArraySlice<UInt8>

    /// The most bytes of one document that are read whole.
    package static let maximumBytes = 1 << 20

    /// The documents of a stream. A line that begins with `---` or `...` ends a document wherever it is (YAML 1.2, 9.1.2):
    /// nothing, not even a block of text, may hold one. Comments alone are no document, and a document may begin with a
    /// byte order mark (YAML 1.2, 5.2).
    ///
    /// - Parameter firstLine: the line of the file that the stream begins in, counted from 1.
    package static func documents(of bytes: [UInt8], firstLine: Int = 1) -> [YAMLDocument] {
        var documents: [YAMLDocument] = []
        var (start, startLine) = (0, firstLine)
        // Directives and comments before a document's mark belong to it.
        var (hasDirective, isOpen) = (false, false)
        func close(at end: Int) {
            if isOpen { documents.append(YAMLDocument(firstLine: startLine, bytes: bytes[start..<end])) }
            (hasDirective, isOpen) = (false, false)
        }
        var (lineStart, line) = (0, firstLine)
        while lineStart < bytes.count {
            var end = lineStart
            while end < bytes.count, bytes[end] != UInt8(ascii: "\n"), bytes[end] != UInt8(ascii: "\r") { end += 1 }
            let text = bytes[lineStart..<end].withoutLeadingByteOrderMark
            // `\r\n` is one break.
            if end + 1 < bytes.count, bytes[end] == UInt8(ascii: "\r"), bytes[end + 1] == UInt8(ascii: "\n") {
                end += 1
            }
            end = min(end + 1, bytes.count)
            if text.isMarker(UInt8(ascii: ".")) {
                close(at: end)
            } else if text.isMarker(UInt8(ascii: "-")) {
                if isOpen { close(at: lineStart) }
                if !hasDirective { (start, startLine) = (text.startIndex, line) }
                isOpen = true
            } else if !isOpen, let first = text.first(where: { $0 > UInt8(ascii: " ") }), first != UInt8(ascii: "#") {
                if !hasDirective { (start, startLine) = (text.startIndex, line) }
                if text.first == UInt8(ascii: "%") { hasDirective = true } else { isOpen = true }
            }
            (lineStart, line) = (end, line + 1)
        }
        close(at: bytes.count)
        return documents
    }

    /// The document's value with what else was noticed; nil if it has no content.
    ///
    /// Costs time and memory in proportion to the text, whatever it is.
    ///
    /// - Throws: for what is not YAML, and for what is too large.
    package func read(_ aliases: AliasPolicy = .all) throws(YAMLSyntaxError) -> YAMLTree? {
        guard bytes.count <= Self.maximumBytes else {
            throw YAMLSyntaxError(
                YAMLValue.Mark(line: firstLine, column: 1),
                "the document has more than \(Self.maximumBytes >> 20) MiB; a lab needs less")
        }
        var reader = YAMLReader(self, aliases)
        return try reader.tree()
    }

    /// The beginning of a document: single values of its outermost map.
    package struct Head: Sendable {
        /// The texts of the fields that were asked for and are there; of a list or map, the empty text.
        package var fields: [String: String] = [:]
        /// Where its value begins; nil for a document without content.
        package var mark: YAMLValue.Mark?
        /// What is not YAML, if that came before all fields were found.
        package var error: YAMLSyntaxError?
    }

    /// Looks for fields of the outermost map, and reads no further than it has to.
    package func head(_ keys: Set<String>) -> Head {
        var head = Head()
        do throws(YAMLSyntaxError) {
            var events = YAMLEvents(self)
            try events.enterDocument()
            let root = try events.next()
            if case .scalar("", isPlain: true) = root.kind { return head }
            if case .end = root.kind { return head }
            head.mark = root.mark
            guard case .mappingStart = root.kind else { return head }
            while head.fields.count < keys.count {
                let key = try events.next()
                if case .end = key.kind { break }
                try events.skip(key)
                let value = try events.next()
                if case .scalar(let name, _) = key.kind, keys.contains(name), head.fields[name] == nil {
                    if case .scalar(let text, _) = value.kind {
                        head.fields[name] = text
                    } else {
                        head.fields[name] = ""
                    }
                }
                try events.skip(value)
            }
        } catch {
            head.error = error
        }
        return head
    }
}

/// What a document holds.
package struct YAMLTree: Sendable {
    /// The outermost value.
    package var root: YAMLValue
    /// The keys that a map has twice, in the order of the text: at most 1000.
    package var duplicateKeys: [YAMLSyntaxError] = []
}

extension ArraySlice<UInt8> {
    /// The bytes without U+FEFF in front.
    fileprivate var withoutLeadingByteOrderMark: Self {
        first == 0xef && starts(with: [0xef, 0xbb, 0xbf]) ? dropFirst(3) : self
    }

    /// Whether the line begins with three of these and a blank, or is these alone.
    fileprivate func isMarker(_ byte: UInt8) -> Bool {
        first == byte && starts(with: [byte, byte, byte]) && (count == 3 || self[startIndex + 3] <= UInt8(ascii: " "))
    }
}
