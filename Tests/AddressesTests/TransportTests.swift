import Addresses
import Testing

@Suite("Transports")
struct TransportTests {
    @Test("a transport is read back from each of its words and its number", arguments: Transport.allCases)
    func words(transport: Transport) {
        #expect(Transport(rawValue: transport.rawValue) == transport)
        #expect(Transport(transport.description) == transport)
        #expect(Transport(number: transport.number) == transport)
        #expect(transport.description == transport.rawValue.lowercased())
    }

    @Test("numbers are IANA's, and no other word or number is a transport")
    func strangers() {
        #expect(Transport.allCases.map(\.number) == [6, 17, 132])
        #expect(Transport(number: 1) == nil)
        #expect(Transport("TCP") == nil)
        #expect(Transport(rawValue: "tcp") == nil)
    }
}
