import KernelTestSupport
import Testing

@testable import Probes

@Suite("Requests of services", .needsRoot, .timeLimit(.minutes(20)))
struct RequestRunTests {
    /// Asks a port where nobody listens, through a router that drops the question until the time is over.
    private func ask(isBusy: Bool) throws -> RequestRun.Outcome? {
        var outcome: RequestRun.Outcome?
        try RoutedPair.with { pair in
            let router = pair.router
            try Witness.output(
                [
                    "nft",
                    "add table inet closed; add chain inet closed passing { type filter hook forward priority 0; policy drop; }",
                ],
                in: router)
            let request = Request(
                source: pair.host, destination: RoutedPair.far, port: 9, transport: .udp, payload: [0],
                ending: .bytes(1),
                timeout: .seconds(2))
            var run = RequestRun(datagramRepeat: .milliseconds(20))
            run.isBusy = { _ in
                do {
                    try Witness.output(["nft", "delete table inet closed"], in: router)
                } catch {
                    Issue.record(error)
                }
                return isBusy
            }
            outcome = try run.run([request]).first
        }
        return outcome
    }

    @Test("an answer is waited for longer where the machine is busy, and only there")
    func busy() throws {
        #expect(try ask(isBusy: true) == .failure(.refused))
        #expect(try ask(isBusy: false) == .failure(.silence))
    }
}
