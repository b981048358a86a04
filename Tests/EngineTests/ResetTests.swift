import BundledTopologies
import Engine
import Foundation
import Glibc
import KernelTestSupport
import NSLabKit
import NetworkNamespaces
import Testing
import Topology

@Suite("A lab made as new", .needsRoot, .timeLimit(.minutes(20)))
struct ResetTests {
    @Test("what the kernel learned is forgotten: connections, neighbours, counters; and answers go on")
    func learned() throws {
        try TestLab.with("dual-stack") { lab in
            let (pod, node) = (try lab.pod(on: "dual-stack-worker"), lab.pin("dual-stack-worker"))
            let far = try #require(try lab.pod(on: "dual-stack-worker2").addresses.first)
            func packets() throws -> [Int] {
                try Witness.output(["nft", "list", "table", "ip", "calico"], in: node)
                    .matches(of: #/counter packets (\d+)/#).compactMap { Int($0.output.1) }
            }
            func connections() throws -> Int {
                Int(
                    try Witness.output(["cat", "/proc/sys/net/netfilter/nf_conntrack_count"], in: node)
                        .trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
            }
            func neighbours() throws -> Int {
                try Witness.json("ip -j neighbour show", in: node).filter {
                    !(($0["state"] as? [String] ?? []).contains { ["PERMANENT", "NOARP"].contains($0) })
                }.count
            }
            for address in ["1.1.1.1", "\(far)"] {
                try Witness.output(["ping", "-n", "-c", "2", "-i", "0.2", address], in: lab.pin(pod.name))
            }
            #expect(try packets().contains { $0 > 0 })
            #expect(try connections() > 0)
            #expect(try neighbours() > 0)
            let before = Remains(of: lab.name).processes
            let report = try Lab.running(lab.name).reset()
            #expect(report.changes.isEmpty, "\(report.changes.map(\.text))")
            #expect(report.learned > 0)
            #expect(try packets().allSatisfy { $0 == 0 })
            #expect(try connections() == 0)
            #expect(try neighbours() == 0)
            #expect(try lab.differences(strict: true) == [])
            #expect(Remains(of: lab.name).processes == before)
            #expect(try Lab.running(lab.name).probe().failed == 0)
        }
    }

    @Test("pods that were stopped answer again")
    func stopped() throws {
        try TestLab.with("dual-stack") { lab in
            let pod = try lab.pod(on: "dual-stack-worker")
            _ = try Lab.running(lab.name).stopPods([pod.name])
            #expect(try lab.differences() == [])
            _ = try Lab.running(lab.name).reset()
            #expect(try lab.differences(strict: true) == [])
            let probes = try Lab.running(lab.name).probe()
            #expect(probes.failed == 0, "\(probes.failures)")
            let services = try Lab.running(lab.name).services()
            #expect(services.allSatisfy { $0.endpoints.allSatisfy(\.ready) })
        }
    }
}
