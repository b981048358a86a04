/// Writes frames.
///
/// A class, because its compression cannot be copied.
public final class FrameWriter {
    private let headers = HeaderEncoder()

    /// The longest frame of data in bytes.
    public static let longestData = 0xff_ffff

    public init() {}

    /// A frame's bytes. A frame of data has to be of ``longestData`` at most.
    public func bytes(of frame: Frame) -> [UInt8] {
        switch frame {
        case .open(let stream, let headers, let isLast):
            control(
                FrameType.open, isLast: isLast,
                number32(stream) + number32(0) + [0, 0] + self.headers.encode(headers))
        case .reply(let stream): control(FrameType.reply, number32(stream) + headers.encode([:]))
        case .data(let stream, let bytes, let isLast): Self.head(stream, count: bytes.count, isLast: isLast) + bytes
        case .reset(let stream, let reason): control(FrameType.reset, number32(stream) + number32(reason.rawValue))
        case .ping(let id): control(FrameType.ping, number32(id))
        case .goAway(let last): control(FrameType.goAway, number32(last) + number32(0))
        case .other(let type): control(type, [])
        }
    }

    /// What comes before the bytes of a frame of data.
    public static func head(_ stream: UInt32, count: Int, isLast: Bool) -> [UInt8] {
        precondition(count <= longestData)
        return number32(stream) + [isLast ? FrameType.isLast : 0] + number32(UInt32(count)).dropFirst()
    }

    private func control(_ type: UInt16, isLast: Bool = false, _ content: [UInt8]) -> [UInt8] {
        number32(UInt32(FrameType.control) << 16 | UInt32(type)) + [isLast ? FrameType.isLast : 0]
            + number32(UInt32(content.count)).dropFirst() + content
    }
}

private func number32(_ number: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
}
