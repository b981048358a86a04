import HTTP
import Testing

@Suite("Reading HTTP answers")
struct ReceivedResponseTests {
    private func read(_ text: String) -> ReceivedResponse? { ReceivedResponse(Array(text.utf8)) }

    @Test("status and body of an answer, with or without a length")
    func whole() throws {
        let response = try #require(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
        #expect(response.status == 200 && response.body == Array("hello".utf8))
        #expect(read("HTTP/1.0 404 Not Found\r\n\r\n\r\n\r\n")?.body == Array("\r\n\r\n".utf8))
        #expect(read("HTTP/1.1 204 \r\n\r\n")?.status == 204)
    }

    @Test(
        "bytes that are no answer, or less than one, are none",
        arguments: [
            "", "\r\n\r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.1\r\n\r\n", "HTTP/2 200 OK\r\n\r\n",
            "HTTP/1.1 2000 OK\r\n\r\n",
            "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhell",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n\r\n\0\u{ff}",
        ])
    func hostile(text: String) { #expect(read(text) == nil) }
}
