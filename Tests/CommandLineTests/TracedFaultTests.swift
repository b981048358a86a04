import Foundation
import KernelTestSupport
import Testing

/// A lab that all tests of a suite share.
private struct SharedLab: SuiteTrait, TestScoping {
    var source: String
    var near, far, third, router: String
    var ports: (String, String)

    @TaskLocal static var pods: TracedPods?

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let program = Program.new()
        defer { _ = try? program.run("down", program.lab) }
        let up = try program.run("up", source, "--name", program.lab, "--no-probe", "--no-api")
        #expect(up.status == 0, "\(up.output)")
        let pods = try TracedPods(program, near: near, far: far, third: third, router: router, ports: ports)
        try await Self.$pods.withValue(pods) { try await function() }
    }
}

/// Breaks something, traces, and has the lab be as it was.
private func diagnose(_ fault: TracedFault) throws {
    let pods = try #require(SharedLab.pods)
    let program = Program(lab: pods.lab)
    defer {
        let reset = try? program.run("reset", pods.lab)
        #expect(reset?.status == 0, "\(reset?.output ?? "")")
    }
    for (namespace, command) in try fault.commands(pods) {
        try Witness.output(["sh", "-c", command], in: pods.pin(namespace))
    }
    let arguments = ["trace", "--lab", pods.lab, "-o", "json", "--wait", "600ms"] + fault.options
    let result = try Witness.run([BuiltProgram.path] + arguments + [pods.near.name, fault.target(pods)])
    #expect(result.status == 1, "\(result.output)")
    let report = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
    let cause = report?["cause"] as? [String: Any] ?? [:]
    let words = ["object", "text", "difference"].compactMap { cause[$0] as? String }
    #expect(cause["kind"] as? String == fault.kind, "\(report?["outcome"] ?? ""); \(cause)")
    let place = fault.place(pods)
    #expect(place.isEmpty || cause["namespace"] as? String == place, "\(cause)")
    #expect(words.contains { $0.contains(fault.mentions(pods)) }, "\(words)")
    #expect(report?["notes"] == nil)
}

@Suite(
    "Why a packet is not answered, in the default lab", .needsRoot, .timeLimit(.minutes(20)), .serialized,
    SharedLab(
        source: "dual-stack", near: "dual-stack-worker", far: "dual-stack-worker2", third: "dual-stack-control-plane",
        router: "ceos01", ports: ("eth2", "eth3")))
struct DefaultLabFaultTests {
    @Test("is told by name, with the object to mend", arguments: TracedFault.all)
    func fault(_ fault: TracedFault) throws { try diagnose(fault) }
}

@Suite(
    "Why a packet is not answered, across two VLANs", .needsRoot, .timeLimit(.minutes(20)), .serialized,
    SharedLab(
        source: "two-vlans", near: "rack1-node1", far: "rack2-node1", third: "rack1-node2", router: "tor",
        ports: ("eth1", "eth3")))
struct TwoVLANFaultTests {
    @Test("is told by name, with the object to mend", arguments: TracedFault.all)
    func fault(_ fault: TracedFault) throws { try diagnose(fault) }
}
