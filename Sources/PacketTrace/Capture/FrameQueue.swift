/// Frames that were captured and wait for those that came before them and are not here yet: sockets give theirs in turn, so that
/// they are put in order of time here.
struct FrameQueue {
    /// A frame, and where its bytes are.
    struct Frame {
        /// Nanoseconds since 1970.
        var time: UInt64
        /// The socket that it came from, by its number.
        var socket: Int32
        /// The interface's number in the namespace.
        var interface: UInt32
        /// The interface's hardware type (`ARPHRD_*`).
        var hardwareType: UInt16
        var isOutgoing: Bool
        /// The VLAN tag that the kernel keeps beside the frame: its EtherType and control field.
        var tag: (type: UInt16, control: UInt16)?
        /// Its length on the wire in bytes, without the tag.
        var length: Int
        var bytes: Range<Int>
    }

    private(set) var bytes: [UInt8] = []
    private var frames: [Frame] = []
    /// The time of the last frame that was released.
    private var last: UInt64 = 0
    /// How many frames were released behind a later one.
    private(set) var unordered: UInt64 = 0

    var isEmpty: Bool { frames.isEmpty }

    /// Adds a frame; its place among the bytes is set here.
    mutating func add(_ frame: Frame, _ content: UnsafeRawBufferPointer) {
        var frame = frame
        frame.bytes = bytes.count..<bytes.count + content.count
        bytes.append(contentsOf: content)
        frames.append(frame)
    }

    /// Gives the frames up to a time to `body`, in order, and forgets them. Those of one time keep the order of their coming.
    mutating func release(
        until limit: UInt64, _ body: (Frame, ArraySlice<UInt8>) throws -> Void
    ) rethrows {
        if frames.isEmpty { return }
        frames.sort { ($0.time, $0.bytes.lowerBound) < ($1.time, $1.bytes.lowerBound) }
        var count = frames.count
        if let latest = frames.last?.time, latest > limit {
            count = frames.firstIndex { $0.time > limit } ?? frames.count
        }
        for frame in frames[..<count] {
            if frame.time < last { unordered += 1 }
            last = max(last, frame.time)
            try body(frame, bytes[frame.bytes])
        }
        keep(frames[count...])
    }

    /// Forgets all frames but these.
    private mutating func keep(_ rest: ArraySlice<Frame>) {
        if rest.isEmpty {
            frames.removeAll(keepingCapacity: true)
            bytes.removeAll(keepingCapacity: true)
            return
        }
        var kept: [UInt8] = []
        kept.reserveCapacity(rest.reduce(0) { $0 + $1.bytes.count })
        frames = rest.map { frame in
            var frame = frame
            let place = kept.count..<kept.count + frame.bytes.count
            kept += bytes[frame.bytes]
            frame.bytes = place
            return frame
        }
        bytes = kept
    }
}
