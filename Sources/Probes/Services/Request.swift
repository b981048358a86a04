import Addresses
import System

/// One question and its answer over TCP or UDP, from a namespace to an address and port.
struct Request: Hashable, Sendable {
    /// The pin of the namespace that it is made from.
    var source: String
    var destination: IPAddress
    var port: UInt16
    var transport: Transport
    /// What is sent as soon as the connection is established.
    var payload: [UInt8]
    /// How the end of the answer is known.
    var ending: Ending
    /// How long it may take. Longer than the second after which the kernel sends a SYN again.
    var timeout: Duration = .seconds(3)

    /// How the end of an answer is known.
    enum Ending: Hashable, Sendable {
        /// The other side closes the connection.
        case closed
        /// So many bytes have come; for UDP, one datagram.
        case bytes(Int)
        /// The first two bytes are the length of what follows (DNS over TCP, RFC 1035, 4.2.2).
        case framed
    }

    /// Whether these bytes are the whole answer, as far as bytes alone can tell.
    func isComplete(_ answer: [UInt8]) -> Bool {
        switch (transport, ending) {
        case (.udp, _), (.sctp, _): true
        case (.tcp, .closed): false
        case (.tcp, .bytes(let count)): answer.count >= count
        case (.tcp, .framed): answer.count >= 2 && answer.count >= 2 + Int(answer[0]) << 8 + Int(answer[1])
        }
    }
}

/// The answer to a request.
struct RequestReply: Hashable, Sendable {
    var bytes: [UInt8]
    /// The time from the first packet to the end of the answer in seconds.
    var roundTrip: Double
}

/// Why a request had no answer.
enum RequestFailure: Error, Hashable, Sendable {
    /// Nothing came back in time.
    case silence
    /// The connection was refused: by a reset, or by an ICMP message that says so.
    case refused
    /// The kernel or somebody on the way would not have it: the errno(3).
    case notPossible(errno: Int32)
    /// The connection ended before the answer did.
    case cutShort
    /// More came than an answer can be long.
    case tooLong
    /// The source's namespace could not be entered, or it gives no socket.
    case noSource(SystemCallError)
}

extension RequestFailure: CustomStringConvertible {
    var description: String {
        switch self {
        case .silence: "no answer"
        case .refused: "connection refused"
        case .notPossible(let errno): "\(SystemCallError("connect", "", errno: errno).words)"
        case .cutShort: "the connection ended before the answer did"
        case .tooLong: "more came than an answer can be long"
        case .noSource(let error): "\(error)"
        }
    }
}
