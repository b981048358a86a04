internal import CLinux
internal import Glibc

/// Makes sense of the datagrams that answer one exchange, without a socket: what belongs to it, what failed, and when it
/// is over.
struct ReplyReader {
    /// What the requests were.
    enum Exchange {
        /// Requests of which the last alone is acknowledged; over with the answer to the last.
        case requests(count: Int)
        /// One request for many objects; over with `NLMSG_DONE`.
        case dump
    }

    let exchange: Exchange
    /// The sequence number of request 0.
    let firstSequence: UInt32
    /// The port id that the kernel must have meant.
    let port: UInt32
    /// Whether all answers are there.
    private(set) var isFinished = false
    /// Whether a dump's table changed while it was read (`NLM_F_DUMP_INTR`).
    private(set) var isInterrupted = false
    /// The requests that were refused.
    private(set) var failures: [RequestFailure] = []

    init(_ exchange: Exchange, firstSequence: UInt32, port: UInt32) {
        self.exchange = exchange
        self.firstSequence = firstSequence
        self.port = port
    }

    private var requestCount: UInt32 {
        switch exchange {
        case .requests(let count): UInt32(truncatingIfNeeded: count)
        case .dump: 1
        }
    }

    /// Reads one datagram; calls `body` with each message that is an answer and not about the exchange itself.
    ///
    /// What another process sent, or what answers an earlier exchange, is passed over.
    mutating func read(
        _ datagram: ArraySlice<UInt8>, sender: UInt32, _ body: (Message) -> Void
    ) throws(NetlinkError) {
        // Port id 0 is the kernel's (netlink(7)).
        guard sender == 0 else { return }
        var messages = Messages(datagram)
        do throws(MalformedMessage) {
            while let message = try messages.next() {
                let index = message.sequence &- firstSequence
                guard message.port == port, index < requestCount else { continue }
                if message.flags & UInt16(NLM_F_DUMP_INTR) != 0 { isInterrupted = true }
                switch Int32(message.type) {
                case NLMSG_NOOP: continue
                case NLMSG_ERROR: try readError(message, index: Int(index))
                case NLMSG_DONE: try readDone(message)
                case NLMSG_OVERRUN: overrun = true
                default: body(message)
                }
            }
        } catch {
            throw .malformed(error)
        }
        if overrun { throw .repliesLost }
    }

    private var overrun = false

    /// `NLMSG_ERROR`: a failure, or with error 0 the acknowledgement.
    private mutating func readError(_ message: Message, index: Int) throws(MalformedMessage) {
        let report = try message.header(nlmsgerr.self)
        if report.error != 0 {
            // Unless the socket asked for short reports the request comes back in front of the attributes.
            let isCapped = message.flags & UInt16(NLM_F_CAPPED) != 0
            let echoed = isCapped ? 0 : Int(report.msg.nlmsg_len) - MemoryLayout<nlmsghdr>.size
            let attributes = message.payload.dropFirst(MemoryLayout<nlmsgerr>.size + (max(echoed, 0) + 3) & ~3)
            try fail(index, error: report.error, attributes: attributes, flags: message.flags)
        }
        if UInt32(truncatingIfNeeded: index) == requestCount - 1 {
            // A dump that starts well is not acknowledged; where a kernel does it all the same, the objects follow.
            if case .dump = exchange, report.error == 0 { return }
            isFinished = true
        }
    }

    /// `NLMSG_DONE`: the end of a dump, with an error where it could not be completed.
    private mutating func readDone(_ message: Message) throws(MalformedMessage) {
        guard case .dump = exchange else { return }
        if let error = message.payload.load(Int32.self), error != 0 {
            try fail(0, error: error, attributes: message.payload.dropFirst(4), flags: message.flags)
        }
        isFinished = true
    }

    private mutating func fail(
        _ index: Int, error: Int32, attributes: ArraySlice<UInt8>, flags: UInt16
    ) throws(MalformedMessage) {
        var (text, offset, missing): (String?, Int?, Int?) = (nil, nil, nil)
        if flags & UInt16(NLM_F_ACK_TLVS) != 0 {
            for attribute in try Attributes(attributes) {
                switch attribute.type {
                case Int(NLMSGERR_ATTR_MSG.rawValue): text = attribute.text
                case Int(NLMSGERR_ATTR_OFFS.rawValue): offset = Int(try attribute.integer(UInt32.self))
                case Int(NLMSGERR_ATTR_MISS_TYPE.rawValue): missing = Int(try attribute.integer(UInt32.self))
                default: break
                }
            }
        }
        failures.append(
            RequestFailure(
                requestIndex: index, errno: error == .min ? .max : abs(error), message: text, attributeOffset: offset,
                attributeType: missing))
    }
}
