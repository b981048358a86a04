import HTTP

/// Makes of a pod's log what a client wants of it, while it comes.
public struct LogFilter: Sendable {
    private let query: LogQuery
    /// What of a line has come.
    private var pending: [UInt8] = []
    /// The last lines, as long as not all of what was logged before has come.
    private var last: [LogLine] = []
    private var isFollowing = false
    private var left: Int

    public init(_ query: LogQuery) {
        self.query = query
        left = query.limit ?? .max
    }

    /// Whether the client wants nothing more.
    public var isDone: Bool { left == 0 }

    /// Takes in what has come.
    ///
    /// - Returns: what the client gets of it.
    public mutating func take(_ bytes: some Collection<UInt8>) -> [UInt8] {
        pending += bytes
        var output: [UInt8] = []
        var start = pending.startIndex
        while let end = pending[start...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = pending[start..<end]
            start = end + 1
            if line.isEmpty {
                output += endOfBacklog()
            } else if let line = LogLine(line), isWanted(line) {
                if isFollowing || query.tail == nil { output += shown(line) } else { keep(line) }
            }
        }
        pending.removeSubrange(..<start)
        // No line is that long.
        if pending.count > LogLine.longest { pending = [] }
        return output
    }

    /// All has come.
    ///
    /// - Returns: what the client gets besides.
    public mutating func end() -> [UInt8] { endOfBacklog() }

    private mutating func endOfBacklog() -> [UInt8] {
        isFollowing = true
        defer { last = [] }
        return last.suffix(query.tail ?? 0).filter { $0.time >= query.since }.flatMap { shown($0) }
    }

    private mutating func keep(_ line: LogLine) {
        guard let tail = query.tail, tail > 0 else { return }
        last.append(line)
        if last.count >= 2 * tail, last.count > 1000 { last.removeFirst(last.count - tail) }
    }

    /// Whether a line is the container's and, unless the last ones are counted first as kubelet does, late enough.
    private func isWanted(_ line: LogLine) -> Bool {
        if query.tail == nil || isFollowing, line.time < query.since { return false }
        switch query.lines {
        case .all: return true
        case .of(let ports): return ports.contains(line.port)
        case .except(let ports): return !ports.contains(line.port)
        }
    }

    private mutating func shown(_ line: LogLine) -> [UInt8] {
        var text = line.text + "\n"
        if query.hasTimestamps {
            // kubelet's form (RFC3339NanoFixed in pkg/kubelet/types).
            let (seconds, fraction) = line.time.quotientAndRemainder(dividingBy: 1_000_000_000)
            let digits = String(fraction)
            text =
                Timestamp(seconds: seconds).description.dropLast() + "."
                + String(repeating: "0", count: 9 - digits.count) + digits + "Z " + text
        }
        let bytes = Array(text.utf8.prefix(left))
        left -= bytes.count
        return bytes
    }
}
