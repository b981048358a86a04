import Blueprint
import BundledTopologies
import Engine
import Glibc
import KernelTestSupport
import NSLabKit
import NetworkNamespaces
import Synchronization
import Testing
import Topology

/// A bundled topology that runs under a name that no user would choose, and goes when the test ends, however it ends.
struct TestLab: Sendable {
    let name: String
    /// What its namespaces have to hold.
    let blueprint: Blueprint

    private static let counter = Atomic<Int>(0)

    /// - Parameter change: what is different from the bundled topology.
    static func with<Value>(
        _ topology: String, changed change: (inout Topology) -> Void = { _ in }, _ body: (TestLab) throws -> Value
    ) throws -> Value {
        let number = counter.wrappingAdd(1, ordering: .relaxed).oldValue
        let name = "nslabtest-\(getpid())-engine\(number)"
        var topology = try #require(BundledTopology.named(topology)).topology()
        topology.name = name
        change(&topology)
        defer {
            #expect(throws: Never.self) { try Lab.down(.named([name])) }
            #expect(!Folder.names(Pins.folder).contains { $0.hasPrefix(name) })
            #expect(!Lab.runningNames().contains(name))
        }
        let report = try Lab.up(topology, source: "test", probing: false)
        #expect(!report.wasThere)
        return try body(TestLab(name: name, blueprint: RunningLab(named: name).blueprint))
    }

    /// The pin of one of its namespaces.
    func pin(_ namespace: String) -> String { "\(name)-\(namespace)" }

    /// The pod on a node.
    func pod(on node: String) throws -> Blueprint.Namespace {
        try #require(blueprint.namespaces.first { $0.kind == .pod && $0.node == node })
    }
}
