import HTTP

/// What libFuzzer calls with each input: reads it as requests, at once and byte by byte. Both ways must give the same, and
/// what is held must stay within its limit.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHTTP(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let whole = events(bytes, pieces: max(1, count))
    precondition(whole == events(bytes, pieces: 1), "differs when it comes byte by byte")
    precondition(whole == events(bytes, pieces: 7), "differs when it comes in pieces")
    return 0
}

/// The requests and faults of a stream that comes in pieces of this size.
private func events(_ bytes: [UInt8], pieces: Int) -> [RequestReader.Event] {
    var reader = RequestReader()
    var events: [RequestReader.Event] = []
    for start in stride(from: 0, to: bytes.count, by: pieces) {
        reader.append(bytes[start..<min(start + pieces, bytes.count)])
        while let event = reader.next() {
            // Whether the client waits for a word depends on what has come with the head.
            if event != .expectsContinue { events.append(event) }
        }
        precondition(reader.count <= RequestReader.longestHead)
    }
    return events
}
