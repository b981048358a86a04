/// Reads frames from the bytes of a connection, in whatever pieces they come.
///
/// A class, because its decompression cannot be copied: all header blocks of a connection are one stream of it.
public final class FrameReader {
    private var pending: [UInt8] = []
    private var position = 0
    /// What is still to come of a frame of data.
    private var data: (stream: UInt32, left: Int, isLast: Bool)?
    private let headers = HeaderDecoder()

    /// The longest frame of control in bytes, and the longest part of data that comes at once.
    public static let longest = 16 << 10

    public init() {}

    /// Takes in what has come.
    public func append(_ bytes: some Collection<UInt8>) {
        if position == pending.count {
            pending.removeAll(keepingCapacity: pending.capacity <= 256 << 10)
            position = 0
        } else if position > Self.longest * 4 {
            pending.removeFirst(position)
            position = 0
        }
        pending += bytes
    }

    /// The next frame, or part of one of data; nil until more has come.
    ///
    /// - Throws: `MalformedFrame`, after which nothing more is read.
    public func next() throws(MalformedFrame) -> Frame? {
        if let data { return part(of: data) }
        guard pending.count - position >= 8 else { return nil }
        let first = number32(at: position)
        let flags = pending[position + 4]
        let length = Int(number32(at: position + 4) & 0xff_ffff)
        if first >> 31 == 0 {
            position += 8
            return part(of: (first, length, flags & FrameType.isLast != 0))
        }
        guard UInt16(first >> 16) == FrameType.control else { throw .version(UInt16(first >> 16) & 0x7fff) }
        guard length <= Self.longest else { throw .length(length) }
        guard pending.count - position >= 8 + length else { return nil }
        let start = position + 8
        position = start + length
        return try control(
            type: UInt16(truncatingIfNeeded: first), isLast: flags & FrameType.isLast != 0, start..<position)
    }

    private func part(of frame: (stream: UInt32, left: Int, isLast: Bool)) -> Frame? {
        let count = min(frame.left, pending.count - position, Self.longest)
        let left = frame.left - count
        data = left == 0 ? nil : (frame.stream, left, frame.isLast)
        guard count > 0 || frame.left == 0 else { return nil }
        let bytes = Array(pending[position..<position + count])
        position += count
        return .data(stream: frame.stream, bytes, isLast: frame.isLast && left == 0)
    }

    private func control(type: UInt16, isLast: Bool, _ content: Range<Int>) throws(MalformedFrame) -> Frame {
        func stream() throws(MalformedFrame) -> UInt32 {
            guard content.count >= 4 else { throw .length(content.count) }
            return number32(at: content.lowerBound) & 0x7fff_ffff
        }
        switch type {
        case FrameType.open:
            // The stream, the one that it belongs to, its priority and an unused byte.
            guard content.count >= 10 else { throw .length(content.count) }
            let block = pending[content.dropFirst(10)]
            return .open(stream: try stream(), headers: try headers.decode(block), isLast: isLast)
        case FrameType.reply:
            let stream = try stream()
            // What it says is of no use, but the next block cannot be read without it.
            _ = try headers.decode(pending[content.dropFirst(4)])
            return .reply(stream: stream)
        case FrameType.reset:
            guard content.count == 8 else { throw .length(content.count) }
            return .reset(
                stream: try stream(), ResetReason(rawValue: number32(at: content.lowerBound + 4)))
        case FrameType.ping:
            guard content.count == 4 else { throw .length(content.count) }
            return .ping(number32(at: content.lowerBound))
        case FrameType.goAway: return .goAway(lastStream: try stream())
        // HEADERS has a block, too.
        case 8:
            _ = try stream()
            _ = try headers.decode(pending[content.dropFirst(4)])
            return .other(type: type)
        default: return .other(type: type)
        }
    }

    private func number32(at index: Int) -> UInt32 {
        pending[index..<index + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
}
