import Addresses
import DNS
import Testing

@testable import Probes

@Suite("Judging DNS answers")
struct NameCheckTests {
    private let name = DomainName("web.default.svc.cluster.local")!
    private let soa = RecordData.soa(
        StartOfAuthority(
            primary: .root, mailbox: .root, serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 1))

    private func check(_ type: RecordType, _ expected: NameCheck.Expected) -> NameCheck {
        NameCheck(from: "pod", server: IPAddress("10.96.0.10")!, name: name, type: type, expected: expected)
    }

    private func answer(
        id: UInt16 = 7, _ code: ResponseCode = .noError, _ answers: [RecordData] = [], soa hasSOA: Bool = false
    ) -> [UInt8] {
        var message = Message(id: id)
        message.isResponse = true
        message.responseCode = code
        message.answers = answers.map { Record(name: name, ttl: 30, data: $0) }
        if hasSOA { message.authorities = [Record(name: .root, ttl: 30, data: soa)] }
        return message.bytes()
    }

    @Test("the addresses must be those, all of them and no other")
    func addresses() {
        let (one, two) = (IPv4Address("10.96.0.1")!, IPv4Address("10.96.0.2")!)
        let check = check(.a, .addresses([.v4(one), .v4(two)]))
        #expect(check.fault(in: answer(.noError, [.a(two), .a(one)]), id: 7) == nil)
        #expect(check.addresses(in: answer(.noError, [.a(two), .a(one)]), id: 7) == [.v4(two), .v4(one)])
        #expect(
            check.fault(in: answer(.noError, [.a(one)]), id: 7)
                == "expected 10.96.0.1, 10.96.0.2, got NOERROR 10.96.0.1")
        #expect(check.fault(in: answer(.nameError), id: 7)?.hasSuffix("got NXDOMAIN no address") == true)
        #expect(check.addresses(in: answer(.nameError), id: 7).isEmpty)
    }

    @Test("an empty answer and a name that does not exist are told apart, and both need the SOA")
    func absence() {
        #expect(check(.a, .noData).fault(in: answer(soa: true), id: 7) == nil)
        #expect(check(.a, .noData).fault(in: answer(), id: 7) != nil)
        #expect(check(.a, .noData).fault(in: answer(.nameError, soa: true), id: 7) != nil)
        #expect(check(.a, .noSuchName).fault(in: answer(.nameError, soa: true), id: 7) == nil)
        #expect(check(.a, .noSuchName).fault(in: answer(soa: true), id: 7) != nil)
    }

    @Test("names and ports")
    func others() {
        let srv = RecordData.srv(priority: 0, weight: 100, port: 80, target: name)
        #expect(check(.srv, .port(80)).fault(in: answer(.noError, [srv]), id: 7) == nil)
        #expect(check(.srv, .port(81)).fault(in: answer(.noError, [srv]), id: 7) != nil)
        #expect(check(.ptr, .name(name)).fault(in: answer(.noError, [.ptr(name)]), id: 7) == nil)
        #expect(check(.ptr, .name(.root)).fault(in: answer(.noError, [.ptr(name)]), id: 7) != nil)
    }

    @Test("another query's answer, a query, and bytes that are no message are faults")
    func noAnswer() {
        let check = check(.a, .noData)
        #expect(check.fault(in: answer(id: 8, soa: true), id: 7) != nil)
        #expect(check.fault(in: Message.query(name, .a, id: 7).bytes(), id: 7) != nil)
        for length in 0..<12 { #expect(check.fault(in: Array(repeating: 0xff, count: length), id: 7) != nil) }
    }
}
