/// What a client asks for, as far as a server cares that gives everyone the same page.
public struct Request: Hashable, Sendable {
    /// The method, as it came: `GET`.
    public var method: String
    /// What is asked for: `/index.html`.
    public var target: String
    /// Whether the client takes what HTTP/1.1 added.
    public var version: Version
    /// Whether the connection goes on after the answer (RFC 9112, 9.3).
    public var keepsAlive: Bool
    /// Whether the client wants JSON (`Accept: application/json`).
    public var acceptsJSON: Bool

    /// A request.
    public init(
        method: String, target: String, version: Version = .http11, keepsAlive: Bool = true, acceptsJSON: Bool = false
    ) {
        self.method = method
        self.target = target
        self.version = version
        self.keepsAlive = keepsAlive
        self.acceptsJSON = acceptsJSON
    }

    /// The versions that a server of HTTP/1.1 answers.
    public enum Version: String, Hashable, Sendable {
        case http10 = "HTTP/1.0"
        case http11 = "HTTP/1.1"
    }
}

/// Why a request is not answered as it would like. The connection ends after the answer: where the next request would begin
/// is not known.
public enum RequestFault: Hashable, Sendable {
    /// It is no HTTP, or two readers could understand it differently (RFC 9112, 11.2).
    case malformed
    /// Its body is longer than is taken.
    case bodyTooLong
    /// Its head is longer than is taken.
    case headTooLong
    /// Its body is coded in a way that is not known.
    case unknownCoding
    /// Its version is not 1.0 or 1.1.
    case unknownVersion

    /// The status that tells it.
    public var status: Status {
        switch self {
        case .malformed: .badRequest
        case .bodyTooLong: .contentTooLarge
        case .headTooLong: .headTooLarge
        case .unknownCoding: .notImplemented
        case .unknownVersion: .versionNotSupported
        }
    }
}

/// How a request went, with the words of RFC 9110, 15.
public enum Status: Int, Hashable, Sendable {
    case ok = 200
    case badRequest = 400
    case methodNotAllowed = 405
    case requestTimeout = 408
    case contentTooLarge = 413
    case headTooLarge = 431
    case notImplemented = 501
    case versionNotSupported = 505

    var phrase: String {
        switch self {
        case .ok: "OK"
        case .badRequest: "Bad Request"
        case .methodNotAllowed: "Method Not Allowed"
        case .requestTimeout: "Request Timeout"
        case .contentTooLarge: "Content Too Large"
        case .headTooLarge: "Request Header Fields Too Large"
        case .notImplemented: "Not Implemented"
        case .versionNotSupported: "HTTP Version Not Supported"
        }
    }
}
