internal import CLinux

/// Requests to the kernel, encoded one after the other into one buffer that keeps its memory from use to use.
///
/// A request is known by its index: the first has 0.
public struct RequestBatch: ~Copyable {
    var writer: MessageWriter
    /// How many requests there are.
    public private(set) var count = 0
    /// The first request with an attribute too long to be written.
    private(set) var oversizedRequest: Int?

    /// A batch without requests, with room for some.
    ///
    /// - Parameter capacity: the bytes to start with; the buffer grows as needed.
    public init(capacity: Int = 4096) {
        writer = MessageWriter(capacity: capacity)
    }

    /// Whether there is no request.
    public var isEmpty: Bool { count == 0 }

    /// Adds a request: `NLM_F_REQUEST` is set by itself, `NLM_F_ACK` by the socket that sends it.
    ///
    /// When `body` throws, the batch is as it was before.
    ///
    /// - Parameters:
    ///   - type: the message's type, such as `RTM_NEWROUTE`.
    ///   - flags: what may exist before and what shall become of it.
    ///   - body: writes the structure that belongs to the type, and the attributes.
    public mutating func append<Failure: Error>(
        _ type: Int, _ flags: RequestFlags = [], _ body: (inout MessageWriter) throws(Failure) -> Void
    ) throws(Failure) {
        let start = writer.count
        writer.append(structure: nlmsghdr())
        do {
            try body(&writer)
        } catch {
            writer.count = start
            writer.isOversized = false
            throw error
        }
        writer.align()
        if writer.isOversized {
            writer.isOversized = false
            oversizedRequest = oversizedRequest ?? count
        }
        (writer.base + start).storeBytes(
            of: nlmsghdr(
                nlmsg_len: UInt32(truncatingIfNeeded: writer.count - start),
                nlmsg_type: UInt16(truncatingIfNeeded: type),
                nlmsg_flags: UInt16(NLM_F_REQUEST) | flags.rawValue, nlmsg_seq: 0, nlmsg_pid: 0),
            as: nlmsghdr.self)
        count += 1
    }

    /// Forgets all requests and keeps the memory.
    public mutating func removeAll() {
        writer.count = 0
        count = 0
        oversizedRequest = nil
    }

    /// The requests as they are encoded, before a socket numbers them.
    public var bytes: [UInt8] {
        Array(UnsafeRawBufferPointer(start: writer.base, count: writer.count))
    }

    // MARK: For the socket

    /// A run of whole requests that go into one `sendmsg`.
    struct Chunk: Equatable {
        /// The bytes of the buffer.
        var bytes: Range<Int>
        /// The indices of the requests.
        var requests: Range<Int>
    }

    /// Numbers the requests that follow a chunk, asks for an acknowledgement of the last one, and gives back their place.
    ///
    /// - Parameters:
    ///   - previous: the chunk before; nil for the first.
    ///   - first: the sequence number of the batch's request 0.
    ///   - byteLimit: the most bytes, unless one request alone has more.
    ///   - requestLimit: the most requests, at least one.
    /// - Returns: nil when no request is left.
    mutating func prepareChunk(
        after previous: Chunk?, firstSequence first: UInt32, byteLimit: Int, requestLimit: Int
    ) -> Chunk? {
        let start = previous?.bytes.upperBound ?? 0
        let firstRequest = previous?.requests.upperBound ?? 0
        guard start < writer.count else { return nil }
        var (end, request, last) = (start, firstRequest, start)
        while end < writer.count, request - firstRequest < max(requestLimit, 1) {
            let length = Int((writer.base + end).load(as: UInt32.self))
            if end > start, end + length - start > byteLimit { break }
            let sequence = first &+ UInt32(truncatingIfNeeded: request)
            (writer.base + end + 8).storeBytes(of: sequence, as: UInt32.self)
            last = end
            end += length
            request += 1
        }
        let flags = (writer.base + last + 6).load(as: UInt16.self)
        (writer.base + last + 6).storeBytes(of: flags | UInt16(NLM_F_ACK), as: UInt16.self)
        return Chunk(bytes: start..<end, requests: firstRequest..<request)
    }

    /// The type of the attribute at this distance from the start of a request, as a kernel error names the place.
    func attributeType(ofRequest index: Int, in chunk: Chunk, at offset: Int) -> Int? {
        var start = chunk.bytes.lowerBound
        for _ in chunk.requests.lowerBound..<index {
            start += Int((writer.base + start).load(as: UInt32.self))
        }
        guard start < chunk.bytes.upperBound else { return nil }
        let length = Int((writer.base + start).load(as: UInt32.self))
        guard offset >= 16, offset + 4 <= length else { return nil }
        return Int((writer.base + start + offset + 2).loadUnaligned(as: UInt16.self) & 0x3fff)
    }
}

/// What a request to make something says about what may exist before (`NLM_F_*`, linux/netlink.h).
public struct RequestFlags: OptionSet, Sendable {
    /// The bits of `nlmsg_flags`.
    public let rawValue: UInt16

    /// The flags with these bits.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Make the object if it does not exist.
    public static let create = RequestFlags(rawValue: UInt16(NLM_F_CREATE))
    /// Refuse if it exists.
    public static let exclusive = RequestFlags(rawValue: UInt16(NLM_F_EXCL))
    /// Put it in the place of one that exists.
    public static let replace = RequestFlags(rawValue: UInt16(NLM_F_REPLACE))
    /// Put it after those that exist.
    public static let append = RequestFlags(rawValue: UInt16(NLM_F_APPEND))
    /// Answer with everything that matches (`NLM_F_ROOT` and `NLM_F_MATCH`).
    static let dump = RequestFlags(rawValue: UInt16(NLM_F_DUMP))
}
