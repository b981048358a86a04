import Addresses
import HTTP
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import PodServer

@Suite("Answering HTTP")
struct HTTPHandlerTests {
    /// All that is answered to the bytes, fed in pieces of this size; whether the connection ended goes with it.
    private func answer(_ text: String, pieces: Int = .max, body: String? = "page\n") throws -> (
        text: String, ended: Bool
    ) {
        let channel = EmbeddedChannel()
        let page = PodPage(name: "web", namespace: "default", node: "n", addresses: [])
        let socket = AnsweringSocket(
            name: SocketName("tcp/80/dual/pod")!,
            AnsweringSocket.Content(
                pod: PodServerPlan.Pod(pin: "pod", page: page, listeners: []), answer: .http(body: body)))
        let connection = Connection(socket, Connections(most: 10, on: channel.eventLoop))
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(connection)
        try pipeline.configureHTTPServerPipeline(
            withErrorHandling: false, withEncoderConfiguration: .init(),
            withDecoderLimitConfiguration: HTTPHandler.headLimits)
        try pipeline.addHandler(HTTPHandler(connection, page, always: body.map { FixedAnswer(body: Array($0.utf8)) }))
        try channel.connect(to: SocketAddress(ipAddress: "10.0.0.1", port: 80)).wait()
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty, channel.isActive {
            try channel.writeInbound(channel.allocator.buffer(bytes: rest.prefix(pieces)))
            rest = rest.dropFirst(pieces)
        }
        channel.embeddedEventLoop.run()
        var answer = ""
        while var buffer = try channel.readOutbound(as: ByteBuffer.self) {
            answer += buffer.readString(length: buffer.readableBytes) ?? ""
        }
        let ended = !channel.isActive
        _ = try? channel.finish(acceptAlreadyClosed: true)
        return (answer, ended)
    }

    /// The status codes of all answers.
    private func statuses(_ text: String, pieces: Int = .max) throws -> [Int] {
        try answer(text, pieces: pieces).text.split(separator: "HTTP/1.1 ").compactMap { Int($0.prefix(3)) }
    }

    @Test("requests are answered one after the other, whatever pieces they come in", arguments: [1, 2, 3, 7, 50, 1000])
    func pieces(_ size: Int) throws {
        let text =
            "GET /a HTTP/1.1\r\nHost: x\r\nAccept: text/html, application/json;q=0.9\r\n\r\n"
            + "\r\nPOST /b HTTP/1.1\r\nhost:x\r\nContent-Length: 5\r\n\r\nhello"
            + "PUT /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n!\r\n0\r\nX: y\r\n\r\n"
            + "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\n"
        let (answer, ended) = try answer(text, pieces: size)
        #expect(answer.split(separator: "HTTP/1.1 200 OK").count == 4 && ended)
        #expect(answer.split(separator: "page\n").count == 4)
        #expect(
            try statuses(String(repeating: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", count: 200), pieces: size).count == 200)
    }

    @Test("the page as text or JSON, a body of its own, a head without one")
    func pages() throws {
        let get = "GET / HTTP/1.1\r\nHost: x\r\n"
        let text = try answer(get + "\r\n", body: nil).text
        #expect(text.contains("\r\nContent-Type: text/plain; charset=utf-8\r\n"))
        #expect(
            text.contains("\r\nServer: nslab\r\nDate: ")
                && text.hasSuffix("\r\n\r\npod: web\nnamespace: default\nnode: n\naddresses: \n"))
        let json = try answer(get + "Accept: Application/JSON\r\n\r\n", body: nil).text
        #expect(json.contains("\r\nContent-Type: application/json\r\n") && json.hasSuffix("\"addresses\": []}\n"))
        let fixed = try answer(get + "Accept: application/json\r\n\r\n").text
        #expect(fixed.contains("\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\npage\n"))
        let head = try answer("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n").text
        #expect(head.hasSuffix("\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n"))
    }

    @Test("HTTP/1.0 ends the connection unless asked not to; a change of protocols is not made, and ends it")
    func endings() throws {
        #expect(try answer("GET / HTTP/1.0\r\n\r\n").ended)
        #expect(try !answer("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").ended)
        let upgrade = try answer("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
        #expect(upgrade.text.hasPrefix("HTTP/1.1 200 OK\r\n") && upgrade.ended)
        let tunnel = try answer("CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(tunnel.text.hasPrefix("HTTP/1.1 405 Method Not Allowed\r\n") && tunnel.text.contains("\r\nAllow: GET,"))
        #expect(tunnel.ended)
    }

    @Test("a client that waits before it sends its body is told to go on, once")
    func expectation() throws {
        let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        #expect(try statuses(head) == [100])
        #expect(try statuses(head + "abc", pieces: head.utf8.count) == [100, 200])
    }

    @Test(
        "what two readers could understand differently is refused",
        arguments: [
            "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "GET /\u{1} HTTP/1.1\r\n", "GET / HTTX/1.1\r\n", "GET / HTTP/1.1\r\nHost : x\r\n",
            "GET / HTTP/1.1\r\n: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
            "GET / HTTP/1.1\r\nX\r\n", "GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nX: a\u{0}b\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: -1\r\n", "GET / HTTP/1.1\r\nContent-Length: 1 1\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        ])
    func malformed(_ text: String) throws {
        for pieces in [Int.max, 1] {
            #expect(try statuses(text, pieces: pieces) == [400])
            // Nothing that follows is taken for a request.
            let (answer, ended) = try answer(text + "GET / HTTP/1.1\r\nHost: x\r\n\r\n", pieces: pieces)
            #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n") && answer.hasSuffix("\r\n\r\n400 Bad Request\n"))
            #expect(answer.contains("\r\nConnection: close\r\n") && ended)
        }
    }

    @Test("other codings, methods and versions are told")
    func unknown() throws {
        let start = "GET / HTTP/1.1\r\nHost: x\r\n"
        #expect(try statuses(start + "Transfer-Encoding: gzip, chunked\r\n\r\n") == [501])
        #expect(try statuses(start + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n") == [400])
        #expect(try statuses("NONSENSE / HTTP/1.1\r\nHost: x\r\n\r\n") == [400])
        #expect(try statuses("GET / HTTP/2.0\r\nHost: x\r\n\r\n") == [505])
        #expect(try statuses("GET / HTTP/1.7\r\nHost: x\r\n\r\n") == [505])
    }

    @Test("a head and a body have an end")
    func limits() throws {
        let start = "GET / HTTP/1.1\r\nHost: x\r\n"
        #expect(try statuses(start + "X: " + String(repeating: "a", count: 8000) + "\r\n\r\n", pieces: 100) == [200])
        #expect(try statuses(start + "X: " + String(repeating: "a", count: 8300) + "\r\n\r\n", pieces: 100) == [431])
        #expect(try statuses("GET /" + String(repeating: "a", count: 10000), pieces: 100) == [431])
        #expect(try statuses(start + String(repeating: "a: b\r\n", count: 101)) == [431])
        #expect(try statuses(start + "Content-Length: 16777217\r\n\r\n") == [413])
        let chunked = start + "Transfer-Encoding: chunked\r\n\r\n"
        #expect(try statuses(chunked + "0\r\n" + String(repeating: "a: b\r\n", count: 2000)) == [431])
        let chunk = "100000\r\n" + String(repeating: "a", count: 1 << 20) + "\r\n"
        #expect(try statuses(chunked + String(repeating: chunk, count: 17), pieces: 1 << 16) == [413])
    }

    @Test(
        "dates are those of the calendar",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"), (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        ])
    func dates(_ time: Int, _ text: String) {
        #expect(httpDate(time) == text)
    }
}
