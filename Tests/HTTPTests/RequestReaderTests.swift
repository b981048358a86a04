import HTTP
import Testing

@Suite("Reading HTTP requests")
struct RequestReaderTests {
    /// All events that the bytes give, fed in pieces of this size.
    private func events(_ text: String, pieces: Int = .max) -> [RequestReader.Event] {
        var reader = RequestReader()
        var events: [RequestReader.Event] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            reader.append(rest.prefix(pieces))
            rest = rest.dropFirst(pieces)
            while let event = reader.next() { events.append(event) }
        }
        return events
    }

    private func request(
        _ method: String = "GET", _ target: String = "/", _ version: Request.Version = .http11, keepsAlive: Bool = true,
        acceptsJSON: Bool = false
    ) -> RequestReader.Event {
        .request(
            Request(
                method: method, target: target, version: version, keepsAlive: keepsAlive, acceptsJSON: acceptsJSON))
    }

    @Test("requests come one after the other, whatever pieces they come in", arguments: [1, 2, 3, 7, 50, 1000])
    func pieces(_ size: Int) {
        let text =
            "GET /a HTTP/1.1\r\nHost: x\r\nAccept: text/html, application/json;q=0.9\r\n\r\n"
            + "\r\nPOST /b HTTP/1.1\r\nhost:x\r\nContent-Length: 5\r\n\r\nhello"
            + "PUT /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n!\r\n0\r\nX: y\r\n\r\n"
            + "HEAD / HTTP/1.1\nHost: x\nConnection: foo, Close\n\n"
        #expect(
            events(text, pieces: size) == [
                request("GET", "/a", acceptsJSON: true), request("POST", "/b"), request("PUT", "/c"),
                request("HEAD", keepsAlive: false),
            ])
    }

    @Test("HTTP/1.0 ends the connection unless asked not to")
    func oldVersion() {
        #expect(events("GET / HTTP/1.0\r\n\r\n") == [request("GET", "/", .http10, keepsAlive: false)])
        #expect(events("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") == [request("GET", "/", .http10)])
    }

    @Test("a client that waits before it sends its body is told to go on, once")
    func expectation() {
        let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        var reader = RequestReader()
        reader.append(head.utf8)
        #expect(reader.next() == .expectsContinue)
        #expect(reader.next() == nil)
        reader.append("abc".utf8)
        #expect(reader.next() == request("POST"))
        #expect(events(head + "abc") == [request("POST")])
    }

    @Test(
        "what two readers could understand differently is refused",
        arguments: [
            "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET  / HTTP/1.1\r\n",
            "GET /\r\n", "GET / HTTP/1.1 \r\n", " GET / HTTP/1.1\r\n", "G@T / HTTP/1.1\r\n", "GET /\u{1} HTTP/1.1\r\n",
            "GET / HTTX/1.1\r\n", "GET / HTTP/1.1\r\nHost : x\r\n", "GET / HTTP/1.1\r\n: x\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\n folded\r\n", "GET / HTTP/1.1\r\nX\r\n", "GET / HTTP/1.1\r\nX: a\rb\r\n",
            "GET / HTTP/1.1\r\nX: a\u{0}b\r\n", "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
            "GET / HTTP/1.1\r\nContent-Length: -1\r\n", "GET / HTTP/1.1\r\nContent-Length: 1 1\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 9999999999999999999\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        ])
    func malformed(_ text: String) {
        #expect(events(text) == [.fault(.malformed)])
        #expect(events(text, pieces: 1) == [.fault(.malformed)])
        // Nothing that follows is taken for a request.
        #expect(events(text + "GET / HTTP/1.1\r\nHost: x\r\n\r\n") == [.fault(.malformed)])
    }

    @Test("other codings and versions are told")
    func unknown() {
        #expect(events("GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n") == [.fault(.unknownCoding)])
        #expect(
            events("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")
                == [.fault(.unknownCoding)])
        #expect(events("GET / HTTP/2.0\r\n") == [.fault(.unknownVersion)])
        #expect(events("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == [.fault(.unknownVersion)])
    }

    @Test("a head and a body have an end")
    func limits() {
        let start = "GET / HTTP/1.1\r\nHost: x\r\n"
        let most = RequestReader.longestHead - start.utf8.count - 7
        #expect(events(start + "X: " + String(repeating: "a", count: most) + "\r\n\r\n").count == 1)
        #expect(
            events(start + "X: " + String(repeating: "a", count: most + 1) + "\r\n\r\n", pieces: 100)
                == [.fault(.headTooLong)])
        #expect(events(String(repeating: "a", count: 10000), pieces: 100) == [.fault(.headTooLong)])
        #expect(events(String(repeating: "\r\n", count: 5000)) == [.fault(.headTooLong)])
        #expect(events(start + String(repeating: "a: b\r\n", count: 101)) == [.fault(.headTooLong)])
        #expect(events(start + "Content-Length: 16777217\r\n\r\n") == [.fault(.bodyTooLong)])
        #expect(events(start + "Transfer-Encoding: chunked\r\n\r\nffffff\r\n") == [])
        #expect(events(start + "Transfer-Encoding: chunked\r\n\r\n1000001\r\n") == [.fault(.bodyTooLong)])
        #expect(events(start + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n") == [.fault(.bodyTooLong)])
        #expect(
            events(start + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + String(repeating: "a: b\r\n", count: 2000))
                == [.fault(.headTooLong)])
    }

    @Test("where the next bytes belong is known, for the time that they may take")
    func places() {
        var reader = RequestReader()
        #expect(reader.place == .between)
        reader.append("G".utf8)
        #expect(reader.next() == nil && reader.place == .head)
        reader.append("ET / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na".utf8)
        #expect(reader.next() == nil && reader.place == .body)
        reader.append("bc".utf8)
        #expect(reader.next() == request() && reader.place == .head && reader.count == 1)
        reader.append("\n".utf8)
        #expect(reader.next() == .fault(.malformed) && reader.place == .failed)
        reader.append("GET / HTTP/1.1\r\n".utf8)
        #expect(reader.next() == nil)
    }

    @Test(
        "dates are those of the calendar",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"), (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        ])
    func dates(_ time: Int, _ text: String) {
        #expect(Response.date(time) == text)
    }

    @Test("an answer tells its length, also where the body is left out")
    func response() {
        let whole = String(
            decoding: Response.bytes(.ok, body: Array("hello".utf8), time: 0, keepsAlive: true), as: UTF8.self)
        #expect(
            whole == "HTTP/1.1 200 OK\r\nServer: nslab\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
                + "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello")
        let head = Response.bytes(.ok, body: Array("hello".utf8), time: 0, keepsAlive: true, isHead: true)
        #expect(String(decoding: head, as: UTF8.self) + "hello" == whole)
    }
}
