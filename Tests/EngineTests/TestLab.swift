import Blueprint
import BundledTopologies
import Engine
import Glibc
import KernelTestSupport
import NSLabKit
import Synchronization
import System
import Testing
import Topology

/// A bundled topology that runs under a name that no user would choose, and goes when the test ends, however it ends.
struct TestLab: Sendable {
    let name: String
    /// What its namespaces have to hold.
    let blueprint: Blueprint

    private static let counter = Atomic<Int>(0)

    /// A bundled topology.
    static func with<Value>(_ topology: String, _ body: (TestLab) throws -> Value) throws -> Value {
        try with(#require(BundledTopology.named(topology)).topology(), body)
    }

    /// A topology in nslab's own format.
    static func with<Value>(yaml: String, _ body: (TestLab) throws -> Value) throws -> Value {
        try with(Topology.read(Array(yaml.utf8), file: "test.yaml"), body)
    }

    static func with<Value>(_ topology: Topology, _ body: (TestLab) throws -> Value) throws -> Value {
        let name = newName()
        var topology = topology
        topology.name = name
        defer {
            #expect(throws: Never.self) { try Lab.down(.named([name])) }
            #expect(Remains(of: name).isEmpty, "\(Remains(of: name))")
        }
        let report = try Lab.up(topology, source: "test", probing: false)
        #expect(!report.wasThere && report.changes.isEmpty)
        return try body(TestLab(name: name, blueprint: RunningLab(named: name).blueprint))
    }

    /// A lab name that no other test has.
    static func newName() -> String {
        "nslabtest-\(getpid())-engine\(counter.wrappingAdd(1, ordering: .relaxed).oldValue)"
    }

    /// Does a system call in the folder of all labs, which the last lab that goes, another test's, takes with it.
    static func beingThere(_ call: () -> CInt) throws {
        repeat {
            mkdir(StateDirectory.root, 0o755)
            if call() == 0 { return }
        } while errno == ENOENT
        throw SystemCallError("mkdir", StateDirectory.root)
    }

    /// What verify says, a line each.
    func differences(strict: Bool = false) throws -> [String] {
        try Lab.running(name).verify(strict: strict).differences.map(\.text)
    }

    /// Runs up with a topology under the lab's name.
    @discardableResult
    func up(_ topology: Topology) throws -> UpReport {
        var topology = topology
        topology.name = name
        return try Lab.up(topology, source: "test", probing: false)
    }

    /// What up would do with a topology under the lab's name.
    func plan(_ topology: Topology) throws -> [OperationReport] {
        var topology = topology
        topology.name = name
        return try Lab.plannedOperations(topology, source: "test").operations
    }

    /// The pin of one of its namespaces.
    func pin(_ namespace: String) -> String { "\(name)-\(namespace)" }

    /// The pod on a node.
    func pod(on node: String) throws -> Blueprint.Namespace {
        try #require(blueprint.namespaces.first { $0.kind == .pod && $0.node == node })
    }
}
