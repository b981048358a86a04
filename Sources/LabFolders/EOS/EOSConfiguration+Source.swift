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
        var reader = EOSReader()
        var line = firstLine
        // A line may end in CR LF, which Swift takes for one character.
        for bytes in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            reader.read(Substring(bytes), at: SourceLine(file: file, line: line))
            if reader.isExhausted { break }
            line += 1
        }
        self = reader.finished()
    }
}
