import Addresses
import HTTP
import Testing

@Suite("Lines of a server's log")
struct CombinedLogTests {
    private func line(_ request: String?, agent: String? = nil) -> String {
        CombinedLog(
            client: .init(address: IPAddress("10.0.0.7")!, port: 4711), time: "10/Oct/2000:13:55:36 +0000",
            request: request, status: 200, length: 2326, userAgent: agent
        ).text
    }

    @Test("are in the combined format")
    func format() {
        #expect(
            line("GET / HTTP/1.1", agent: "curl/8.5.0")
                == #"10.0.0.7 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 2326 "-" "curl/8.5.0""#)
        #expect(line(nil).contains(#"] "-" 200"#))
    }

    @Test("say what a client sends in printable ASCII, and no more than a line has room for")
    func hostile() {
        let text = line("GET /\"\\\n\u{1b}[2J ü HTTP/1.1", agent: String(repeating: "\n", count: 100_000))
        #expect(text.contains(#"GET /\x22\x5C\x0A\x1B[2J \xC3\xBC HTTP/1.1"#))
        #expect(text.utf8.allSatisfy { (0x20...0x7e).contains($0) })
        #expect(LogLine(time: .max, port: .max, text: text).bytes.count < LogLine.longest)
    }
}
