internal import CLinux

/// One message that was received.
///
/// It keeps its bytes alive, so it can be held as long as one likes.
public struct Message: Sendable {
    /// What it is, such as `RTM_NEWLINK`.
    public let type: Int
    /// The bits of `nlmsg_flags`.
    public let flags: UInt16
    /// The number of the request that it answers.
    public let sequence: UInt32
    /// The port id of the socket it was meant for.
    public let port: UInt32
    /// What follows the header.
    @usableFromInline let payload: ArraySlice<UInt8>

    /// The structure of a kernel header that the message starts with.
    ///
    /// - Throws: `header` if the message is shorter.
    @inlinable
    public func header<Header: BitwiseCopyable>(_: Header.Type) throws(MalformedMessage) -> Header {
        guard let header = payload.load(Header.self) else {
            throw .header(needed: MemoryLayout<Header>.size, available: payload.count)
        }
        return header
    }

    /// The structure that the message starts with, where it has a union: Swift does not see that it is plain bytes.
    ///
    /// - Throws: `header` if the message is shorter.
    public func header<Header>(withUnion _: Header.Type) throws(MalformedMessage) -> Header {
        guard let header = payload.load(withUnion: Header.self) else {
            throw .header(needed: MemoryLayout<Header>.size, available: payload.count)
        }
        return header
    }

    /// All that follows the message's header, byte for byte.
    public var bytes: ArraySlice<UInt8> { payload }

    /// The attributes that follow that structure.
    @inlinable
    public func attributes<Header>(after _: Header.Type) throws(MalformedMessage) -> Attributes {
        try Attributes(payload.dropFirst((MemoryLayout<Header>.size + 3) & ~3))
    }
}

/// The messages of one datagram, one after the other.
struct Messages {
    private var rest: ArraySlice<UInt8>

    init(_ datagram: ArraySlice<UInt8>) { rest = datagram }

    /// The next message, or nil at the end.
    mutating func next() throws(MalformedMessage) -> Message? {
        if rest.isEmpty { return nil }
        let available = rest.count
        guard let header = rest.load(nlmsghdr.self) else { throw .message(length: 16, available: available) }
        guard header.nlmsg_len >= 16, header.nlmsg_len <= available else {
            throw .message(length: Int(header.nlmsg_len), available: available)
        }
        let length = Int(header.nlmsg_len)
        let message = Message(
            type: Int(header.nlmsg_type), flags: header.nlmsg_flags, sequence: header.nlmsg_seq,
            port: header.nlmsg_pid, payload: rest.prefix(length).dropFirst(16))
        rest = rest.dropFirst((length + 3) & ~3)
        return message
    }
}

extension Message {
    /// The messages of a datagram.
    ///
    /// - Throws: at the first that does not fit.
    public static func all(in datagram: [UInt8]) throws(MalformedMessage) -> [Message] {
        var messages = Messages(datagram[...])
        var all: [Message] = []
        while let message = try messages.next() { all.append(message) }
        return all
    }
}

extension ArraySlice<UInt8> {
    /// The value at the start, in the machine's byte order; nil if there are fewer bytes.
    @inlinable
    func load<Value: BitwiseCopyable>(_: Value.Type) -> Value? {
        guard count >= MemoryLayout<Value>.size else { return nil }
        return withUnsafeBytes { $0.loadUnaligned(as: Value.self) }
    }

    /// The same of a structure with a union. Only for those of C, which are no more than their bytes.
    func load<Value>(withUnion _: Value.Type) -> Value? {
        guard count >= MemoryLayout<Value>.size else { return nil }
        return withUnsafeBytes { bytes in
            withUnsafeTemporaryAllocation(
                byteCount: MemoryLayout<Value>.size, alignment: MemoryLayout<Value>.alignment
            ) { memory in
                memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.prefix(memory.count)))
                return memory.load(as: Value.self)
            }
        }
    }
}
