import Engine
import Foundation
import Glibc
import KernelTestSupport
import NSLabKit
import Testing
import Topology

/// The state of a lab outlives the nslab that made it. `States/` holds what each version of its format looks like, as written by
/// an nslab of that version; a change of the format adds one and leaves those that are there as they are.
@Suite("The state of a lab that another nslab made", .needsRoot, .timeLimit(.minutes(20)))
struct StateVersionTests {
    private static let states = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/States"

    /// A file of a state that is kept, for a lab of another name.
    private func kept(_ file: String, version: Int, for lab: TestLab) throws -> String {
        try String(contentsOfFile: "\(Self.states)/\(version)/\(file)", encoding: .utf8).replacing(
            "frozen", with: lab.name)
    }

    private func journal(of lab: TestLab) throws -> [String: Any] {
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(StateDirectory.root)/\(lab.name)/journal.json"))
        return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private func write(_ journal: [String: Any], of lab: TestLab) throws {
        try JSONSerialization.data(withJSONObject: journal)
            .write(to: URL(fileURLWithPath: "\(StateDirectory.root)/\(lab.name)/journal.json"))
    }

    /// Puts a state that is kept in the place of a lab's own.
    private func freeze(_ lab: TestLab, version: Int) throws {
        let folder = "\(StateDirectory.root)/\(lab.name)"
        let features = try journal(of: lab)["features"]
        for file in ["journal.json", "topology.yaml", "allocations.json", "commands.json"] {
            unlink("\(folder)/\(file)")
            guard access("\(Self.states)/\(version)/\(file)", F_OK) == 0 else { continue }
            try kept(file, version: version, for: lab).write(
                toFile: "\(folder)/\(file)", atomically: true, encoding: .utf8)
        }
        // The form of a lab is its kernel's.
        var frozen = try journal(of: lab)
        #expect(frozen["version"] as? Int == version)
        frozen["features"] = features
        try write(frozen, of: lab)
    }

    @Test("a lab of an earlier version is verified, changed and taken down", arguments: [1, 2, 3, 4, 5, 6])
    func earlier(version: Int) throws {
        let yaml = try String(contentsOfFile: "\(Self.states)/\(version)/topology.yaml", encoding: .utf8)
        try TestLab.with(yaml: yaml) { lab in
            try freeze(lab, version: version)
            #expect(try Lab.list().first { $0.lab == lab.name }?.state == "running")
            #expect(try lab.differences(strict: true) == [])
            #expect(try RunningLab(named: lab.name).blueprint == lab.blueprint)
            let topology = try Topology.read(Array(yaml.utf8), file: "test.yaml")
            #expect(try lab.up(topology).changes.map(\.text) == [])
            #expect(try journal(of: lab)["version"] as? Int == 6)
            // Changed from the frozen state: what it has stays with it.
            try freeze(lab, version: version)
            var edited = topology
            edited.workloads.insert(Workload(name: "above", kind: .deployment(replicas: 2)), at: 0)
            let report = try lab.up(edited)
            let touched = Set(report.changes.compactMap(\.namespace))
            #expect(touched.allSatisfy { $0.hasPrefix("node-") || $0.hasPrefix("above-") }, "\(touched)")
            #expect(!report.changes.contains { $0.action == "remove" || $0.action == "rebuild" })
            #expect(try lab.differences(strict: true) == [])
            try freeze(lab, version: version)
            #expect(try Lab.down(.named([lab.name])).labs.map(\.wasThere) == [true])
        }
    }

    @Test("a lab of a later version is taken down; for everything else it takes the nslab that made it")
    func later() throws {
        try TestLab.with("ipv4-only") { lab in
            let frozen = try journal(of: lab)
            let pins = (frozen["namespaces"] as? [[String: Any]] ?? []).compactMap { $0["pin"] as? String }
            try write(
                ["version": 99, "lab": lab.name, "namespaces": pins.map { ["pin": $0, "new": 1] }, "other": []], of: lab
            )
            for command in [["up", "ipv4-only", "--name", lab.name], ["verify", lab.name], ["reset", lab.name]] {
                let result = try Witness.run([BuiltProgram.path] + command)
                #expect(result.status == 3, "\(command): \(result.output)")
                #expect(
                    result.output.contains("lab \(lab.name) was made by a newer nslab (state version 99;"),
                    "\(command): \(result.output)")
            }
            let listed = try #require(Lab.list().first { $0.lab == lab.name })
            #expect(listed.state == "newer" && listed.namespaces == pins.count)
            #expect(try !Leftovers.find().labs.contains(lab.name))
            let report = try Lab.down(.named([lab.name])).labs[0]
            #expect(report.wasThere && report.namespaces == pins.count)
        }
    }
}
