/// What is refused before the text reaches the YAML library, which has no bounds of its own on these.
///
/// The library hashes every key to find duplicates. A key that is a list or map is hashed in full, with all that
/// aliases repeat in it: a few lines ("billion laughs") can keep it busy for years. So an alias may only repeat a
/// single value, and keys after `?` are few. What is left is libyaml's own cost, which grows with the text times the
/// depth of its brackets (at most 1000): seconds at worst, as the text is bounded.
///
/// The check looks at bytes and knows nothing of quotes and comments: it sees each real anchor and alias, and now and
/// then one too many, which is harmless unless both have one name.
func refuseHostileYAML(_ bytes: [UInt8]) throws(YAMLSyntaxError) {
    guard bytes.count <= maximumYAMLBytes else {
        throw YAMLSyntaxError(
            YAMLValue.Mark(line: 1, column: 1), "the file has more than \(maximumYAMLBytes >> 20) MiB; a lab needs less"
        )
    }
    var collectionAnchors: Set<ArraySlice<UInt8>> = []
    var aliases: [(name: ArraySlice<UInt8>, offset: Int)] = []
    var explicitKeys = 0
    for index in bytes.indices {
        switch bytes[index] {
        case UInt8(ascii: "&"):
            let name = bytes[(index + 1)...].prefix(while: isAnchorByte)
            if !name.isEmpty, mayHoldCollection(bytes, after: name.endIndex) { collectionAnchors.insert(name) }
        case UInt8(ascii: "*"):
            let name = bytes[(index + 1)...].prefix(while: isAnchorByte)
            if !name.isEmpty { aliases.append((name, index)) }
        case UInt8(ascii: "?") where index == 0 || !isWordByte(bytes[index - 1]):
            explicitKeys += 1
            // One or two question marks may stand alone in comments; more do not.
            if explicitKeys > 16 {
                throw YAMLSyntaxError(
                    place(ofByte: index, in: bytes), "a topology has no use for keys after \"?\"; write key: value")
            }
        default: break
        }
    }
    if collectionAnchors.isEmpty { return }
    for alias in aliases where collectionAnchors.contains(alias.name) {
        let name = String(decoding: alias.name, as: UTF8.self)
        throw YAMLSyntaxError(
            place(ofByte: alias.offset, in: bytes),
            "*\(name) repeats a list or map, and only single values may be repeated with an alias; "
                + "a range such as node-{1..3} makes many entries of one")
    }
}

/// The most bytes of a file that are read.
let maximumYAMLBytes = 1 << 20

/// Whether what follows an anchor can be anything but a scalar on the same line.
private func mayHoldCollection(_ bytes: [UInt8], after end: Int) -> Bool {
    let rest = bytes[end...].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    guard let first = rest.first else { return false }
    switch first {
    case UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "#"): return true
    // A tag, or one more anchor, may stand before the value.
    case UInt8(ascii: "!"), UInt8(ascii: "&"), UInt8(ascii: "*"): return true
    // The first bytes of YAML 1.1's other line breaks: U+0085, U+2028, U+2029.
    case 0xc2, 0xe2: return true
    case UInt8(ascii: "-"), UInt8(ascii: "?"), UInt8(ascii: ":"):
        let next = rest.dropFirst().first
        return next.map { $0 <= UInt8(ascii: " ") || $0 == 0xc2 || $0 == 0xe2 } ?? true
    default: return false
    }
}

/// libyaml's set of bytes for anchor names.
private func isAnchorByte(_ byte: UInt8) -> Bool { isWordByte(byte) || byte == UInt8(ascii: "-") }

private func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"):
        true
    default: false
    }
}

/// The line and column of a byte of text.
func place(ofByte offset: Int, in bytes: [UInt8]) -> YAMLValue.Mark {
    var mark = YAMLValue.Mark(line: 1, column: 1)
    for index in bytes[..<offset].indices {
        let byte = bytes[index]
        if byte == UInt8(ascii: "\n")
            || byte == UInt8(ascii: "\r") && (index + 1 == bytes.count || bytes[index + 1] != UInt8(ascii: "\n"))
        {
            mark = YAMLValue.Mark(line: mark.line + 1, column: 1)
        } else if byte & 0xc0 != 0x80 {
            mark.column += 1
        }
    }
    return mark
}
