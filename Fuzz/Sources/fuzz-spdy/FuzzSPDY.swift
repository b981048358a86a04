import SPDY

/// What libFuzzer calls with each input. Its first byte says how: the rest is read as a connection's bytes, in pieces of two sizes that
/// must come to the same frames; or it is header fields, which are compressed and must be read again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSPDY(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard count > 0 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let rest = bytes[1...]
    if bytes[0] % 2 == 0 {
        guard frames(rest, pieces: count) == frames(rest, pieces: 3) else { fatalError("pieces make a difference") }
        return 0
    }
    var headers: [String: String] = [:]
    for line in rest.split(separator: 10) {
        let pair = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        headers[String(decoding: pair[0], as: UTF8.self).lowercased()] =
            pair.count > 1 ? String(decoding: pair[1], as: UTF8.self) : ""
    }
    let frame = Frame.open(stream: 1, headers: headers, isLast: false)
    let (writer, reader) = (FrameWriter(), FrameReader())
    for _ in 0..<2 {
        let written = writer.bytes(of: frame)
        reader.append(written)
        // What is longer than a frame may be is refused.
        guard written.count <= FrameReader.longest else { return 0 }
        guard (try? reader.next()) == frame else { fatalError("differs: \(headers)") }
    }
    return 0
}

/// The frames up to what is none, with data put together.
private func frames(_ bytes: ArraySlice<UInt8>, pieces: Int) -> [String] {
    let reader = FrameReader()
    var (frames, rest, data) = ([String](), bytes, [UInt8]())
    while !rest.isEmpty {
        reader.append(rest.prefix(pieces))
        rest = rest.dropFirst(pieces)
        do throws(MalformedFrame) {
            while let frame = try reader.next() {
                if case .data(let stream, let bytes, let isLast) = frame {
                    data += bytes
                    // How far a frame has come that has not come whole hangs on the pieces.
                    if isLast { frames.append("\(stream) \(data.count)") }
                } else {
                    data = []
                    frames.append("\(frame)")
                }
            }
        } catch {
            return frames + ["\(error)"]
        }
    }
    return frames
}
