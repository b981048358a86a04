/// Takes the bytes of a connection in and gives requests out, one after the other (RFC 9112). Bodies are skipped.
///
/// What it holds is bounded: one head, and what was appended and not yet read.
public struct RequestReader: Sendable {
    /// The longest head, and the longest line of a chunked body, in bytes.
    public static let longestHead = 8192
    /// The longest body, in bytes.
    public static let longestBody: UInt64 = 16 << 20

    private var buffer: [UInt8] = []
    /// Where what was not yet read begins.
    private var start = 0
    /// How far the line that is coming in was searched for its end.
    private var searched = 0
    private var state = State.head
    private var head = RequestHead()
    /// The bytes of the head, or of a chunked body's lines, so far.
    private var headLength = 0
    private var request: Request?

    private enum State {
        case head
        /// The rest of a body.
        case body(UInt64)
        /// The line with a chunk's size; how much came in earlier chunks.
        case chunkSize(UInt64)
        /// The rest of a chunk, and how much came up to its end.
        case chunk(UInt64, total: UInt64)
        /// The line end after a chunk.
        case chunkEnd(total: UInt64)
        case trailer
        case failed
    }

    /// What a connection's bytes say.
    public enum Event: Hashable, Sendable {
        /// A whole request, its body skipped.
        case request(Request)
        /// The client waits for a word before it sends its body (RFC 9110, 10.1.1).
        case expectsContinue
        /// Nothing that can be answered; no more is read.
        case fault(RequestFault)
    }

    /// What the next bytes belong to.
    public enum Place: Sendable {
        /// Nothing has come since the last request.
        case between
        case head, body, failed
    }

    public init() {}

    /// Takes in bytes.
    public mutating func append(_ bytes: some Sequence<UInt8>) {
        if case .failed = state { return }
        if start > 0 {
            buffer.removeSubrange(..<start)
            searched -= start
            start = 0
        }
        buffer += bytes
    }

    /// How many bytes are held that were not yet read.
    public var count: Int { buffer.count - start }

    /// What the next bytes belong to.
    public var place: Place {
        switch state {
        case .head: count == 0 && headLength == 0 ? .between : .head
        case .failed: .failed
        default: .body
        }
    }

    /// What comes next; nil until more bytes have come.
    public mutating func next() -> Event? {
        while true {
            switch state {
            case .failed: return nil
            case .head:
                switch line(fault: .headTooLong) {
                case .missing: return nil
                case .fault(let fault): return fail(fault)
                case .line(let line):
                    // An empty line before a request is let pass (RFC 9112, 2.2).
                    if line.isEmpty, !head.hasBegun { continue }
                    if line.isEmpty {
                        if let event = endHead() { return event }
                    } else if let fault = head.add(line) {
                        return fail(fault)
                    }
                }
            case .body(let rest):
                let left = skip(rest)
                state = .body(left)
                if left > 0 { return nil }
                return end()
            case .chunkSize(let total):
                switch line(fault: .malformed) {
                case .missing: return nil
                case .fault(let fault): return fail(fault)
                case .line(let line):
                    guard let size = chunkSize(line) else { return fail(.malformed) }
                    // The sizes of chunks are not part of what a body may hold.
                    guard size <= Self.longestBody - total else { return fail(.bodyTooLong) }
                    headLength = 0
                    state = size == 0 ? .trailer : .chunk(size, total: total + size)
                }
            case .chunk(let rest, let total):
                let left = skip(rest)
                state = left > 0 ? .chunk(left, total: total) : .chunkEnd(total: total)
                if left > 0 { return nil }
            case .chunkEnd(let total):
                switch line(fault: .malformed) {
                case .missing: return nil
                case .fault(let fault): return fail(fault)
                case .line(let line):
                    guard line.isEmpty else { return fail(.malformed) }
                    headLength = 0
                    state = .chunkSize(total)
                }
            case .trailer:
                switch line(fault: .headTooLong) {
                case .missing: return nil
                case .fault(let fault): return fail(fault)
                case .line(let line): if line.isEmpty { return end() }
                }
            }
        }
    }

    private mutating func endHead() -> Event? {
        switch head.end() {
        case .failure(let failure): return fail(failure.fault)
        case .success((let request, let body)):
            self.request = request
            headLength = 0
            let expectsContinue = head.expectsContinue && request.version == .http11
            switch body {
            case .length(let length):
                guard length <= Self.longestBody else { return fail(.bodyTooLong) }
                state = .body(length)
                if length == 0 { return nil }
            case .chunked: state = .chunkSize(0)
            }
            return expectsContinue && count == 0 ? .expectsContinue : nil
        }
    }

    private mutating func end() -> Event? {
        defer {
            head = RequestHead()
            headLength = 0
            request = nil
            state = .head
        }
        return request.map { .request($0) }
    }

    private mutating func fail(_ fault: RequestFault) -> Event {
        state = .failed
        buffer = []
        start = 0
        searched = 0
        return .fault(fault)
    }

    private enum Line {
        case missing
        case line(ArraySlice<UInt8>)
        case fault(RequestFault)
    }

    /// The next line, without its end: CR and LF, or LF alone (RFC 9112, 2.2).
    private mutating func line(fault: RequestFault) -> Line {
        searched = max(searched, start)
        guard let end = buffer[searched...].firstIndex(of: 10) else {
            searched = buffer.count
            return headLength + count > Self.longestHead ? .fault(fault) : .missing
        }
        headLength += end + 1 - start
        guard headLength <= Self.longestHead else { return .fault(fault) }
        var line = buffer[start..<end]
        start = end + 1
        if line.last == 13 { line.removeLast() }
        return .line(line)
    }

    /// Skips bytes of a body.
    ///
    /// - Returns: how many are still to come.
    private mutating func skip(_ wanted: UInt64) -> UInt64 {
        let skipped = min(wanted, UInt64(count))
        start += Int(skipped)
        return wanted - skipped
    }

    /// A chunk's size: hexadecimal digits, with what a `;` begins left aside.
    private func chunkSize(_ line: ArraySlice<UInt8>) -> UInt64? {
        let digits = line.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 && $0 != 0x09 }
        guard (1...15).contains(digits.count) else { return nil }
        var rest = line[digits.endIndex...].drop { $0 == 0x20 || $0 == 0x09 }
        guard rest.isEmpty || rest.popFirst() == UInt8(ascii: ";") else { return nil }
        return UInt64(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
