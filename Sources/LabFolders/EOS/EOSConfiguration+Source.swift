extension EOSConfiguration {
    /// Reads a startup configuration.
    ///
    /// Lines that mean nothing for a dataplane are skipped; those that do and are not supported become warnings. There
    /// are no errors: EOS too skips the lines of a startup configuration that it does not understand.
    ///
    /// - Parameters:
    ///   - text: the configuration.
    ///   - file: its file, for warnings.
    ///   - firstLine: the line of the file that the text begins in.
    public init(_ text: String, file: String, firstLine: Int = 1) {
        self.init(text, file: file) { $0 + firstLine }
    }

    /// Reads a startup configuration that was made from a template.
    ///
    /// - Parameter lines: the lines of the file that the text's lines begin in.
    init(_ text: String, file: String, lines: [Int]) {
        self.init(text, file: file) { lines.indices.contains($0) ? lines[$0] : lines.last ?? 1 }
    }

    /// - Parameter place: the line of the file for each line of the text, counted from 0.
    private init(_ text: String, file: String, place: (Int) -> Int) {
        var reader = EOSReader()
        // A line may end in CR LF, which Swift takes for one character.
        for (index, bytes) in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
        {
            reader.read(Substring(bytes), at: SourceLine(file: file, line: place(index)))
            if reader.isExhausted { break }
        }
        self = reader.finished()
    }
}
