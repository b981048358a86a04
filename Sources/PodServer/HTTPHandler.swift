import Glibc
import HTTP
import NIOCore
import NIOHTTP1

/// Answers HTTP: every path of a pod is the same page.
///
/// What two readers could understand differently (RFC 9112, 11.2), or is longer than is taken, is refused, and the connection
/// ends: where the next request would begin is not known.
final class HTTPHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// The longest body, in bytes. Bodies are skipped.
    static let longestBody = 16 << 20

    /// What a head may have: its bytes and its fields.
    static let headLimits = {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 8192
        limits.maxHeaderListSize = 8192
        limits.maxHeaderFieldCount = 100
        return limits
    }()

    private let connection: Connection
    private let page: PodPage
    private let fixed: FixedAnswer?
    private let log: PortLog?
    /// The request that comes in, or waits for its answer.
    private var request: HTTPRequestHead?
    /// Whether it has come whole.
    private var isWhole = false
    private var bodyLength = 0
    private var isAdvancing = false
    private var isInputEnded = false
    private var isFinished = false

    /// - Parameters:
    ///   - fixed: what is answered, if not the page.
    ///   - log: where requests are logged; nil for nowhere.
    init(_ connection: Connection, _ page: PodPage, always fixed: FixedAnswer?, log: PortLog? = nil) {
        self.connection = connection
        self.page = page
        self.fixed = fixed
        self.log = log
    }

    func channelActive(context: ChannelHandlerContext) { expectRequest() }

    /// The whole of a head has ten seconds from its first byte on, however slowly it comes.
    private func expectRequest() { connection.allow(.seconds(60), onceBegun: .seconds(10)) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isFinished else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            request = head
            bodyLength = 0
            connection.allow(.seconds(30))
            if let status = Self.refusal(of: head) { return refuse(status, context) }
            if head.headers.first(name: "expect")?.lowercased() == "100-continue", head.version == .http1_1 {
                let head = HTTPResponseHead(version: .http1_1, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
            }
        case .body(let bytes):
            bodyLength += bytes.readableBytes
            if bodyLength > Self.longestBody { refuse(.payloadTooLarge, context) }
        case .end:
            isWhole = true
            advance(context)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) { advance(context) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event as? ChannelEvent == .inputClosed else { return }
        isInputEnded = true
        if !isWhole { finish() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isFinished else { return }
        switch error as? HTTPParserError {
        case nil: context.close(promise: nil)
        // The client has ended in the middle of a request, and expects nothing.
        case .invalidEOFState, .closedConnection: finish()
        case .headerOverflow: refuse(.requestHeaderFieldsTooLarge, context)
        case .invalidVersion: refuse(.httpVersionNotSupported, context)
        default: refuse(.badRequest, context)
        }
    }

    /// Why a head is refused that can be read; nil if it is not.
    private static func refusal(of head: HTTPRequestHead) -> HTTPResponseStatus? {
        // A tunnel is what CONNECT asks for: nothing that follows would be HTTP.
        if head.method == .CONNECT { return .methodNotAllowed }
        guard head.version.major == 1, head.version.minor <= 1 else { return .httpVersionNotSupported }
        let hosts = head.headers["host"].count
        if hosts > 1 || hosts == 0 && head.version == .http1_1 { return .badRequest }
        // A line that goes on in the next one (RFC 9112, 5.2).
        if head.headers.contains(where: { $0.value.utf8.contains { $0 == 13 || $0 == 10 || $0 == 0 } }) {
            return .badRequest
        }
        let codings = head.headers["transfer-encoding"]
        if !codings.isEmpty {
            if head.version != .http1_1 { return .badRequest }
            if codings.count > 1 || codings[0].lowercased() != "chunked" { return .notImplemented }
        }
        if let length = head.headers.first(name: "content-length"), Int(length) ?? .max > longestBody {
            return .payloadTooLarge
        }
        return nil
    }

    /// Answers as long as the client takes the answers: the next request is read once the one before is answered.
    private func advance(_ context: ChannelHandlerContext) {
        // With an answer's end the next request comes in at once, in the middle of this: the loop takes it then.
        guard !isAdvancing else { return }
        isAdvancing = true
        defer { isAdvancing = false }
        var answered = false
        while !isFinished, isWhole, let request, context.channel.isWritable {
            self.request = nil
            isWhole = false
            answered = true
            // What would follow a change of protocols is not read.
            let keepsAlive = request.isKeepAlive && !request.headers.contains(name: "upgrade")
            answer(request, keepsAlive: keepsAlive, context)
            if !keepsAlive || isInputEnded && !isWhole { finish() }
            if !context.channel.isWritable { context.flush() }
        }
        guard answered else { return }
        context.flush()
        if !isFinished, request == nil { expectRequest() }
    }

    private func answer(_ request: HTTPRequestHead, keepsAlive: Bool, _ context: ChannelHandlerContext) {
        let wantsJSON = request.headers["accept"].contains { $0.lowercased().contains("application/json") }
        let answer =
            fixed
            ?? (wantsJSON ? FixedAnswer(type: "application/json", body: page.json) : FixedAnswer(body: page.text))
        send(answer, to: request, keepsAlive: keepsAlive, context)
    }

    /// Answers with no more than a status, and ends the connection.
    private func refuse(_ status: HTTPResponseStatus, _ context: ChannelHandlerContext) {
        let line = Array("\(status.code) \(status.reasonPhrase)\n".utf8)
        send(FixedAnswer(status: status, body: line), to: request, keepsAlive: false, isRefusal: true, context)
        finish()
    }

    private func finish() {
        isFinished = true
        connection.finish()
    }

    /// - Parameter request: nil for one that cannot be read.
    private func send(
        _ answer: FixedAnswer, to request: HTTPRequestHead?, keepsAlive: Bool, isRefusal: Bool = false,
        _ context: ChannelHandlerContext
    ) {
        let (status, body) = (answer.status, answer.body)
        let isHead = !isRefusal && request?.method == .HEAD
        log?.write(
            CombinedLog(
                client: page.client, time: logDate(time(nil)),
                request: request.map { "\($0.method.rawValue) \($0.uri) HTTP/\($0.version.major).\($0.version.minor)" },
                status: Int(status.code), length: isHead ? 0 : body.count,
                referrer: request?.headers.first(name: "referer"),
                userAgent: request?.headers.first(name: "user-agent")
            ).text)
        var headers = HTTPHeaders([("Server", "nslab"), ("Date", httpDate(time(nil)))])
        if status == .methodNotAllowed {
            headers.add(name: "Allow", value: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
        }
        headers.add(name: "Content-Type", value: answer.type)
        headers.add(contentsOf: answer.headers)
        headers.add(name: "Content-Length", value: "\(body.count)")
        headers.add(name: "Connection", value: keepsAlive ? "keep-alive" : "close")
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !isHead {
            let buffer = context.channel.allocator.buffer(bytes: body)
            context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
        }
        context.write(wrapOutboundOut(.end(nil)), promise: nil)
    }
}

/// A time as HTTP writes it (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
///
/// - Parameter time: seconds since 1970 began.
func httpDate(_ time: time_t) -> String { date(time, "%a, %d %b %Y %H:%M:%S GMT") }

/// A time as servers log it: `06/Nov/1994:08:49:37 +0000`.
private func logDate(_ time: time_t) -> String { date(time, "%d/%b/%Y:%H:%M:%S +0000") }

private func date(_ time: time_t, _ format: String) -> String {
    var (time, parts) = (time, tm())
    gmtime_r(&time, &parts)
    var text = [CChar](repeating: 0, count: 40)
    let length = strftime(&text, text.count, format, &parts)
    return String(decoding: text[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
