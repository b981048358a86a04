import Addresses
import Testing

@Suite("Transports")
struct TransportTests {
    @Test("a transport is read back from each of its words", arguments: Transport.allCases)
    func words(transport: Transport) {
        #expect(Transport(rawValue: transport.rawValue) == transport)
        #expect(Transport(transport.description) == transport)
        #expect(transport.description == transport.rawValue.lowercased())
    }

    @Test("no other word is a transport")
    func strangers() {
        #expect(Transport("TCP") == nil)
        #expect(Transport(rawValue: "tcp") == nil)
    }
}
