internal import CLinux
internal import Glibc

/// Why an exchange with the kernel did not do what it should.
public enum NetlinkError: Error, Hashable, Sendable {
    /// The kernel refused these requests, in their order. It has carried out all others, those after them too.
    case refused([RequestFailure])
    /// A system call failed. Requests of the batch may have been carried out or not.
    case system(call: String, errno: Int32)
    /// The kernel's answer cannot be read.
    case malformed(MalformedMessage)
    /// A dump that was started again and again found the kernel's table changed under it each time.
    case dumpInterrupted(attempts: Int)
    /// Answers were lost (`ENOBUFS`, or nothing more to read): what became of the requests is not known.
    case repliesLost
    /// The request with this index has an attribute longer than 65,535 bytes. Nothing was sent.
    case oversizedRequest(index: Int)
}

/// One request that the kernel refused, and what it said about it.
public struct RequestFailure: Hashable, Sendable {
    /// Which request of the batch it was: the first has 0.
    public let requestIndex: Int
    /// The error number (errno(3)).
    public let errno: Int32
    /// The kernel's own sentence (`NLMSGERR_ATTR_MSG`).
    public let message: String?
    /// Where in the request the offending attribute is, in bytes from the header (`NLMSGERR_ATTR_OFFS`).
    public let attributeOffset: Int?
    /// The type of the offending attribute, or of the one that is missing (`NLMSGERR_ATTR_MISS_TYPE`).
    public var attributeType: Int?

    public init(
        requestIndex: Int, errno: Int32, message: String? = nil, attributeOffset: Int? = nil, attributeType: Int? = nil
    ) {
        self.requestIndex = requestIndex
        self.errno = errno
        self.message = message
        self.attributeOffset = attributeOffset
        self.attributeType = attributeType
    }
}

extension RequestFailure: CustomStringConvertible {
    /// The error in words, and what the kernel added: `Network is unreachable (kernel: Nexthop has invalid gateway)`.
    public var description: String {
        let words = errorWords(errno)
        return message.map { "\(words) (kernel: \($0))" } ?? words
    }
}

extension NetlinkError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .refused(let failures):
            failures.count == 1
                ? "\(failures[0])" : failures.map { "request \($0.requestIndex): \($0)" }.joined(separator: "; ")
        case .system(let call, let errno): "\(call): \(errorWords(errno))"
        case .malformed(let error): "the kernel's answer cannot be read: \(error)"
        case .dumpInterrupted(let attempts): "the kernel's table changed during each of \(attempts) attempts to read it"
        case .repliesLost: "answers of the kernel were lost"
        case .oversizedRequest(let index): "request \(index) has an attribute longer than 65535 bytes"
        }
    }
}

extension NetlinkError {
    /// The error number that the kernel gave: the first refused request's, or the system call's.
    public var errno: Int32? {
        switch self {
        case .refused(let failures): failures.first?.errno
        case .system(_, let errno): errno
        default: nil
        }
    }
}

/// The C library's words for an error number. Its text is constant (glibc 2.32 and later), so no other thread can change it.
private func errorWords(_ errno: Int32) -> String {
    strerror(errno).map { String(cString: $0) } ?? "error \(errno)"
}
