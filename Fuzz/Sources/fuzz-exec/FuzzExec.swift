import LabFolders

/// What libFuzzer calls with each input: lines of `exec`. Words that were split must be split the same again when they
/// are quoted, and a script's commands must have words.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzExec(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    for line in text.split(whereSeparator: \.isNewline) {
        guard let command = try? CommandWords(line) else { continue }
        precondition(!command.words.isEmpty)
        let quoted = command.words.map(inQuotes).joined(separator: " ")
        guard let again = try? CommandWords(quoted) else { preconditionFailure("cannot be split again: \(quoted)") }
        precondition(again.words == command.words, "differs when it is quoted: \(quoted)")
        _ = try? NetworkCommand(command)
    }
    for command in CommandWords.simpleCommands(ofScript: text) ?? [] { precondition(!command.words.isEmpty) }
    return 0
}

/// A word between single quotes. Scalar by scalar: to Swift a quote with a mark over it is another character.
private func inQuotes(_ word: String) -> String {
    var quoted = "'"
    for scalar in word.unicodeScalars {
        if scalar == "'" { quoted += "'\\''" } else { quoted.unicodeScalars.append(scalar) }
    }
    return quoted + "'"
}
