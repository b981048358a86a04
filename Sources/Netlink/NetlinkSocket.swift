internal import CLinux
internal import CMnl
internal import Glibc
public import NetworkNamespaces
internal import System

/// A netlink socket: one descriptor, closed when the value goes.
///
/// It belongs for good to the network namespace that it was opened in, wherever the thread is that uses it. It can be handed from thread to thread; exclusive access keeps it to one at a time.
public struct NetlinkSocket: ~Copyable, @unchecked Sendable {
    // Unchecked because of the pointer: this value is its only owner, and every use of it is mutating.
    private let socket: OpaquePointer
    let port: UInt32
    private var sequence: UInt32 = 1
    private(set) var buffer: [UInt8] = []
    /// The most requests in one `sendmsg`, so that all of them can be refused and no report is lost.
    private let requestLimit: Int

    /// The most bytes in one `sendmsg`. More would not be faster: the kernel takes its lock for each request.
    private static let byteLimit = 64 << 10
    /// What the kernel can charge to the receive buffer for one error report: a socket buffer and its bookkeeping.
    private static let reportCost = 2048
    /// Opens a socket.
    ///
    /// - Parameters:
    ///   - inside: the namespace that it belongs to.
    ///   - protocol: which part of the kernel to talk to, such as `NETLINK_ROUTE` (0).
    ///   - strictDumps: whether the kernel checks dump requests and honours the filters in them
    ///     (`NETLINK_GET_STRICT_CHK`; kernels before 4.20 do not know it and ignore filters).
    /// - Throws: `system`.
    public init(
        in inside: borrowing InsideNamespace, protocol: Int32 = 0, strictDumps: Bool = true
    ) throws(NetlinkError) {
        guard let socket = mnl_socket_open2(`protocol`, Int32(SOCK_CLOEXEC.rawValue)) else {
            throw .system(call: "socket", errno: errno)
        }
        guard mnl_socket_bind(socket, 0, 0) == 0 else {
            let error = errno
            mnl_socket_close(socket)
            throw .system(call: "bind", errno: error)
        }
        self.socket = socket
        port = mnl_socket_get_portid(socket)
        // Older kernels lack some of these. Then reports are longer or have no sentence, which is no reason to fail.
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        _ = mnl_socket_setsockopt(socket, NETLINK_EXT_ACK, &on, size)
        _ = mnl_socket_setsockopt(socket, NETLINK_CAP_ACK, &on, size)
        if strictDumps { _ = mnl_socket_setsockopt(socket, NETLINK_GET_STRICT_CHK, &on, size) }
        let descriptor = mnl_socket_get_fd(socket)
        _ = Self.raise(descriptor, force: SO_SNDBUFFORCE, plain: SO_SNDBUF, to: 4 * Self.byteLimit)
        let received = Self.raise(descriptor, force: SO_RCVBUFFORCE, plain: SO_RCVBUF, to: 4 << 20)
        requestLimit = max(received / Self.reportCost, 1)
    }

    deinit { mnl_socket_close(socket) }

    /// The socket's descriptor, for poll(2) and for a look at its namespace; it stays this value's own.
    public var descriptor: Int32 { mnl_socket_get_fd(socket) }

    /// Sets a buffer's size past the system's limit where the caller may (CAP_NET_ADMIN), else up to it.
    ///
    /// - Returns: the size that the buffer has afterwards, in bytes.
    private static func raise(_ descriptor: Int32, force: Int32, plain: Int32, to size: Int) -> Int {
        var value = Int32(truncatingIfNeeded: size)
        var length = socklen_t(MemoryLayout<Int32>.size)
        if setsockopt(descriptor, SOL_SOCKET, force, &value, length) != 0 {
            _ = setsockopt(descriptor, SOL_SOCKET, plain, &value, length)
        }
        guard getsockopt(descriptor, SOL_SOCKET, plain, &value, &length) == 0 else { return 0 }
        return Int(value)
    }

    // MARK: Exchanges

    /// Sends all requests of a batch and waits until the kernel has dealt with them. The batch is empty afterwards.
    ///
    /// The kernel carries out the requests in order and goes on after one that it refuses (`netlink_rcv_skb`), and so
    /// does this method: every refused request is in the error, and every other one was carried out.
    ///
    /// - Throws: `refused` with each request that failed; `oversizedRequest` before anything is sent; `system` and
    ///   `repliesLost` when it is not known what was carried out.
    public mutating func execute(_ batch: inout RequestBatch) throws(NetlinkError) {
        defer { batch.removeAll() }
        if let index = batch.oversizedRequest { throw .oversizedRequest(index: index) }
        let first = takeSequence(batch.count)
        var failures: [RequestFailure] = []
        var previous: RequestBatch.Chunk?
        while let chunk = batch.prepareChunk(
            after: previous, firstSequence: first, byteLimit: Self.byteLimit, requestLimit: requestLimit)
        {
            try send(batch.writer, chunk.bytes)
            var reader = ReplyReader(
                .requests(count: chunk.requests.count),
                firstSequence: first &+ UInt32(truncatingIfNeeded: chunk.requests.lowerBound), port: port)
            try receive(&reader) { _ in }
            for var failure in reader.failures {
                failure = failure.moved(by: chunk.requests.lowerBound)
                if let offset = failure.attributeOffset, failure.attributeType == nil {
                    failure.attributeType = batch.attributeType(ofRequest: failure.requestIndex, in: chunk, at: offset)
                }
                failures.append(failure)
            }
            previous = chunk
        }
        if !failures.isEmpty { throw .refused(failures) }
    }

    /// Sends one request and gives back what the kernel answers.
    ///
    /// - Throws: `refused` with one failure whose index is 0; `system`, `malformed`, `repliesLost`.
    public mutating func replies(
        to type: Int, _ body: (inout MessageWriter) -> Void
    ) throws(NetlinkError) -> [Message] {
        var batch = RequestBatch(capacity: 256)
        batch.append(type, [], body)
        let first = takeSequence(1)
        var reader = ReplyReader(.requests(count: 1), firstSequence: first, port: port)
        try sendOnly(&batch, first)
        var messages: [Message] = []
        try receive(&reader) { messages.append($0) }
        if !reader.failures.isEmpty { throw .refused(reader.failures) }
        return messages
    }

    /// Asks for all objects of a sort.
    ///
    /// A dump under which the kernel's table changed is started again, so that nothing in it is missing or double.
    ///
    /// - Parameters:
    ///   - type: the request's type, such as `RTM_GETROUTE`.
    ///   - body: writes the structure that belongs to the type, and attributes that filter.
    ///   - decode: makes an object of a message; nil leaves it out.
    /// - Throws: `refused` with one failure whose index is 0; `malformed`, `dumpInterrupted`, `system`, `repliesLost`.
    public mutating func dump<Object>(
        _ type: Int, _ body: (inout MessageWriter) -> Void, decode: (Message) throws(MalformedMessage) -> Object?
    ) throws(NetlinkError) -> [Object] {
        // The kernel makes the parts of a dump as large as the largest buffer that was offered, up to 32 KiB.
        if buffer.count < 32 << 10 { buffer = [UInt8](repeating: 0, count: 32 << 10) }
        func attempt() throws(NetlinkError) -> [Object]? { try dumpOnce(type, body, decode: decode) }
        do {
            return try wholeDump(attempt)
        } catch {
            // It knows of the buffer once something was received into it: the first parts of a socket's first dump are as large as
            // a page, and an object may be larger (`netlink_dump` in net/netlink/af_netlink.c).
            guard case .refused(let failures) = error, failures.first?.errno == EMSGSIZE else { throw error }
            return try wholeDump(attempt)
        }
    }

    /// - Returns: nil if the table changed meanwhile.
    private mutating func dumpOnce<Object>(
        _ type: Int, _ body: (inout MessageWriter) -> Void, decode: (Message) throws(MalformedMessage) -> Object?
    ) throws(NetlinkError) -> [Object]? {
        var batch = RequestBatch(capacity: 256)
        batch.append(type, .dump, body)
        let first = takeSequence(1)
        var reader = ReplyReader(.dump, firstSequence: first, port: port)
        try sendOnly(&batch, first)
        var objects: [Object] = []
        var malformed: MalformedMessage?
        // A dump has to be read to its end even if an object is malformed: until then the socket can start no other.
        try receive(&reader) { message in
            do throws(MalformedMessage) {
                if let object = try decode(message) { objects.append(object) }
            } catch {
                malformed = malformed ?? error
            }
        }
        if !reader.failures.isEmpty { throw .refused(reader.failures) }
        if let malformed { throw .malformed(malformed) }
        return reader.isInterrupted ? nil : objects
    }

    // MARK: Datagrams

    mutating func takeSequence(_ count: Int) -> UInt32 {
        defer { sequence = sequence &+ UInt32(truncatingIfNeeded: count) }
        return sequence
    }

    /// Sends the only request of a batch. The kernel does not acknowledge a dump's; its end is enough.
    private mutating func sendOnly(_ batch: inout RequestBatch, _ sequence: UInt32) throws(NetlinkError) {
        if let index = batch.oversizedRequest { throw .oversizedRequest(index: index) }
        guard
            let chunk = batch.prepareChunk(
                after: nil, firstSequence: sequence, byteLimit: Self.byteLimit, requestLimit: 1)
        else { return }
        try send(batch.writer, chunk.bytes)
    }

    func send(_ writer: borrowing MessageWriter, _ bytes: Range<Int>) throws(NetlinkError) {
        #if DEBUG
            FaultInjection.apply(to: writer.base + bytes.lowerBound, length: bytes.count)
        #endif
        let sent = uninterrupted { mnl_socket_sendto(socket, writer.base + bytes.lowerBound, bytes.count) }
        if sent < 0 { throw .system(call: "sendto", errno: errno) }
    }

    /// Reads until the exchange is over.
    ///
    /// The kernel deals with requests inside the call that sends them, so the answers are there already and nothing is
    /// waited for: where one is missing it was lost, and waiting would never end.
    private mutating func receive(_ reader: inout ReplyReader, _ body: (Message) -> Void) throws(NetlinkError) {
        while !reader.isFinished {
            let (length, sender) = try receiveDatagram()
            try reader.read(buffer[..<length], sender: sender, body)
        }
    }

    private mutating func receiveDatagram() throws(NetlinkError) -> (length: Int, sender: UInt32) {
        guard let datagram = try receiveDatagramIfAny() else { throw .repliesLost }
        return datagram
    }

    /// The next datagram; nil where none has come.
    ///
    /// - Throws: `repliesLost` where some that came before it found no room.
    mutating func receiveDatagramIfAny() throws(NetlinkError) -> (length: Int, sender: UInt32)? {
        let descriptor = descriptor
        // The size first: a datagram that does not fit would be cut, and what is cut off is lost.
        guard let size = try Self.receiving("recv", { recv(descriptor, nil, 0, MSG_PEEK_TRUNC) }) else { return nil }
        if size > buffer.count { buffer = [UInt8](repeating: 0, count: max(size, 4096)) }
        var address = sockaddr_nl()
        let received = try Self.receiving("recvfrom") {
            buffer.withUnsafeMutableBytes { bytes in
                withUnsafeMutableBytes(of: &address) { raw in
                    var addressLength = socklen_t(raw.count)
                    return recvfrom(
                        descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT),
                        raw.assumingMemoryBound(to: sockaddr.self).baseAddress, &addressLength)
                }
            }
        }
        return received.map { ($0, address.nl_pid) }
    }

    /// Calls again after a signal; nil where there is nothing to receive.
    private static func receiving(_ call: String, _ body: () -> Int) throws(NetlinkError) -> Int? {
        let result = uninterrupted(body)
        if result >= 0 { return result }
        if errno == EAGAIN { return nil }
        throw errno == ENOBUFS ? .repliesLost : .system(call: call, errno: errno)
    }

    /// Makes the socket take a datagram of this many bytes.
    ///
    /// - Throws: `system` where the caller may not.
    func makeRoomToSend(_ size: Int) throws(NetlinkError) {
        // What `netlink_sendmsg` keeps of it for itself.
        let needed = size + 32
        let has = Self.raise(descriptor, force: SO_SNDBUFFORCE, plain: SO_SNDBUF, to: max(needed, 4 * Self.byteLimit))
        if has < needed { throw .system(call: "setsockopt(SO_SNDBUF)", errno: EPERM) }
    }
}

/// How often a dump is made before it is given up.
let dumpAttempts = 16

/// Makes a dump until the kernel's table did not change under it.
///
/// - Parameter attempt: makes it once; nil if it was interrupted.
/// - Throws: what an attempt threw; `dumpInterrupted` after too many.
func wholeDump<Object>(_ attempt: () throws(NetlinkError) -> [Object]?) throws(NetlinkError) -> [Object] {
    for _ in 0..<dumpAttempts {
        if let objects = try attempt() { return objects }
    }
    throw .dumpInterrupted(attempts: dumpAttempts)
}

private let MSG_PEEK_TRUNC = Int32(MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT)

extension RequestFailure {
    /// The failure with its index counted from the batch's start and not from the chunk's.
    fileprivate func moved(by offset: Int) -> RequestFailure {
        RequestFailure(
            requestIndex: requestIndex + offset, errno: errno, message: message, attributeOffset: attributeOffset,
            attributeType: attributeType)
    }
}
