import Foundation
import Testing

@testable import Probes

@Suite("What probes found")
struct ProbeReportTests {
    private func result(
        _ check: String, _ path: String, _ family: String, ttl: Int?, expected: Int?, rtt: Double?
    ) -> ProbeReport.Result {
        ProbeReport.Result(
            from: "a", to: "b", address: "10.0.0.1", family: family, check: check, path: path, ok: ttl == expected,
            rtt: rtt, ttl: ttl, expectedTTL: expected, failure: ttl == expected ? nil : "a → b: wrong")
    }

    private var report: ProbeReport {
        ProbeReport(
            passed: 3, failed: 2, complete: 5, duration: 0.5,
            results: [
                result("pod → pod", "native", "IPv4", ttl: 62, expected: 62, rtt: 0.002),
                result("pod → loopback", "external", "IPv4", ttl: 63, expected: 63, rtt: 0.001),
                result("pod → pod", "native", "IPv4", ttl: 61, expected: 62, rtt: 0.004),
                result("pod → pod", "native", "IPv4", ttl: 63, expected: 63, rtt: 0.001),
                result("pod → pod", "VXLAN", "IPv6", ttl: nil, expected: 62, rtt: nil),
            ])
    }

    @Test("probes of one kind, path and family are one group, in the order they first appear")
    func groups() {
        let groups = report.groups
        #expect(groups.map(\.title) == ["pod → pod", "pod → loopback", "pod → pod"])
        #expect(groups.map(\.path) == ["native", "external", "VXLAN"])
        #expect(groups.map(\.family) == ["IPv4", "IPv4", "IPv6"])
        #expect(groups.map(\.total) == [3, 1, 1])
        #expect(groups.map(\.passed) == [2, 1, 0])
        #expect(groups.map(\.expectedTTLs) == [[62, 63], [63], [62]])
        #expect(groups.map(\.roundTrips) == [0.001...0.004, 0.001...0.001, nil])
    }

    @Test("the sentences of those that failed, in their order")
    func failures() {
        #expect(report.failures == ["a → b: wrong", "a → b: wrong"])
    }

    @Test("JSON has the words of the contract, and leaves out what there is none of")
    func json() throws {
        let data = try JSONEncoder().encode(report)
        let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["passed"] as? Int == 3)
        #expect(object["failed"] as? Int == 2)
        let results = try #require(object["results"] as? [[String: Any]])
        #expect(
            Set(results[0].keys) == [
                "from", "to", "address", "family", "check", "path", "ok", "rtt", "ttl", "expectedTTL",
            ])
        #expect(
            Set(results[4].keys) == [
                "from", "to", "address", "family", "check", "path", "ok", "expectedTTL", "failure",
            ])
        #expect(results[0]["rtt"] as? Double == 0.002)
    }
}
