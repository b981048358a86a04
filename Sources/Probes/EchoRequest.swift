import Addresses
import System

/// One echo request: from a namespace to an address.
public struct EchoRequest: Hashable, Sendable {
    /// The pin of the namespace that it is sent from.
    public var source: String
    /// The address that is to answer.
    public var destination: IPAddress

    /// A request from a pinned namespace to an address.
    public init(source: String, destination: IPAddress) {
        self.source = source
        self.destination = destination
    }
}

/// What came of one echo request.
public struct EchoResult: Hashable, Sendable {
    /// The answer, or why there is none.
    public var outcome: Result<EchoReply, EchoFailure>
    /// How many times it was sent; 0 if it could not be sent at all.
    public var attempts: Int

    /// What came of a request after so many attempts.
    public init(outcome: Result<EchoReply, EchoFailure>, attempts: Int) {
        self.outcome = outcome
        self.attempts = attempts
    }
}

/// An answer to an echo request.
public struct EchoReply: Hashable, Sendable {
    /// The TTL (IPv4) or hop limit (IPv6) that the answer had left when it arrived.
    public var ttl: UInt8
    /// The time from the request to its answer in seconds.
    public var roundTrip: Double

    /// An answer with this TTL after this many seconds.
    public init(ttl: UInt8, roundTrip: Double) {
        self.ttl = ttl
        self.roundTrip = roundTrip
    }
}

/// Why an echo request was not answered.
public enum EchoFailure: Error, Hashable, Sendable {
    /// Nothing came back in time.
    case silence
    /// The source's own kernel would not send it: its errno(3).
    case notSent(errno: Int32)
    /// Somebody on the way refused it, and no later attempt was answered.
    case refused(by: IPAddress, ICMPError)
    /// The answer came from an address that was not asked.
    case answeredBy(IPAddress)
    /// The source's namespace could not be entered, or it gives no raw socket.
    case noSource(SystemCallError)
}

extension EchoFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .silence: "no answer"
        case .notSent(let errno): "not sent: \(SystemCallError("sendto", "", errno: errno).words)"
        case .refused(let router, let error): "\(router) answered: \(error)"
        case .answeredBy(let address): "the answer came from \(address)"
        case .noSource(let error): "\(error)"
        }
    }
}
