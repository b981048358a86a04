import Addresses
import Testing
import Topology

@Suite struct BraceRangeTests {
    private func read(nodes: String) throws -> Topology {
        try Topology.read(
            """
            lab: x
            routers:
              tor: { ports: { "eth{1..8}": { addresses: [] } } }
            nodes:

            """ + nodes, file: "lab.yaml")
    }

    @Test("a range in a key makes that many entries, and the ranges in the entry step along")
    func steps() throws {
        let topology = try read(
            nodes: """
                  n-{1..3}:
                    interfaces:
                      eth1:
                        connect: tor:eth{4..6}
                        addresses: ["10.0.0.{11..13}/24", "fd00::{98..100}/64"]
                """)
        #expect(topology.nodes.map(\.name) == ["n-1", "n-2", "n-3"])
        #expect(topology.cables.map { $0.ends[0].interface } == ["eth4", "eth5", "eth6"])
        #expect(
            topology.nodes.flatMap { $0.interfaces[0].addresses.map(\.description) } == [
                "10.0.0.11/24", "fd00::98/64", "10.0.0.12/24", "fd00::99/64", "10.0.0.13/24", "fd00::100/64",
            ])
    }

    @Test("zeros in front are kept")
    func padding() throws {
        let topology = try read(nodes: "  n{08..10}: {}\n  m{9..10}: {}")
        #expect(topology.nodes.map(\.name) == ["n08", "n09", "n10", "m9", "m10"])
    }

    @Test("a value steps along with the one ranged key above it that has as many values")
    func nestedSteps() throws {
        let topology = try Topology.read(
            """
            lab: x
            routers:
              tor{1..2}: { ports: { "eth{1..3}": { addresses: [] } } }
            nodes:
              n{1..3}:
                interfaces:
                  eth{1..2}: { connect: "tor{1..2}:eth{1..3}" }
            """, file: "lab.yaml")
        #expect(topology.routers.map(\.ports.count) == [3, 3])
        #expect(
            topology.cables.map { "\($0.ends[0]) \($0.ends[1])" } == [
                "tor1:eth1 n1:eth1", "tor2:eth1 n1:eth2", "tor1:eth2 n2:eth1", "tor2:eth2 n2:eth2",
                "tor1:eth3 n3:eth1", "tor2:eth3 n3:eth2",
            ])
    }

    @Test("a value that could step along with two keys is an error")
    func ambiguous() {
        let yaml = """
            lab: x
            nodes:
              n{1..2}:
                interfaces:
                  eth{1..2}: { connect: "lan:p{1..2}" }
            networks: { lan: }
            """
        #expect(places(of: yaml) == ["5:29 nodes.n1.interfaces.eth1.connect"])
        #expect(sentences(of: yaml)[0].contains("n{1..2} or with eth{1..2}"))
    }

    @Test("a range of another length than its key's is an error, told once")
    func length() {
        let yaml = """
            lab: x
            networks: { lan: }
            nodes:
              n{1..3}:
                interfaces: { eth1: { connect: lan, addresses: ["10.0.0.{1..4}/24"] } }
            """
        #expect(places(of: yaml) == ["5:53 nodes.n1.interfaces.eth1.addresses[0]"])
        #expect(sentences(of: yaml) == ["{1..4} has 4 values, but n{1..3} has 3"])
    }

    @Test("a range in a value without one in a key above is an error")
    func alone() {
        #expect(sentences(of: "lab: x{1..2}")[0].contains("needs a key with a range above it"))
    }

    @Test(
        "what is no range is an error",
        arguments: [
            "n{3..1}", "n{a..b}", "n{1..}", "n{}", "n{1...3}", "n{1..2", "n1..2}", "n{1..2}{1..2}", "n{-1..2}",
            "n{1..9999999999}",
        ])
    func malformed(key: String) {
        #expect(places(of: "lab: x\nnodes:\n  \"\(key)\": {}") == ["3:3 nodes.\(key)"])
    }

    @Test("an entry that a range makes a second time is an error that names the other")
    func twice() {
        let yaml = "lab: x\nnodes:\n  n2: {}\n  n{1..3}: {}"
        #expect(places(of: yaml) == ["4:3 nodes.n2"])
        #expect(sentences(of: yaml) == ["duplicate key n2 (first at line 3)"])
    }

    @Test("the ranges of a file make at most 10,000 entries")
    func limit() throws {
        #expect(try read(nodes: "  n{1..9992}: {}").nodes.count == 9992)
        #expect(places(of: "lab: x\nnodes:\n  n{1..10001}: {}") == ["3:3 nodes.n{1..10001}"])
        #expect(places(of: "lab: x\nnodes:\n  n{1..999999999}: {}") == ["3:3 nodes.n{1..999999999}"])
        #expect(
            places(of: "lab: x\nnodes:\n  n{1..5000}:\n    interfaces:\n      eth{1..5000}: {}") == [
                "5:7 nodes.n2.interfaces.eth{1..5000}"
            ])
    }

    @Test("a problem that a range repeats is told once, with the number of the others")
    func problemsOfRanges() {
        let yaml = """
            lab: x
            networks: { lan: { addresses: [10.0.0.1/24] } }
            nodes:
              n{1..3}:
                interfaces: { eth1: { connect: lan, addresses: ["10.9.0.{1..3}/24"] } }
            """
        #expect(places(of: yaml) == ["5:53 nodes.n1.interfaces.eth1.addresses[0]"])
        #expect(sentences(of: yaml)[0].hasSuffix("(and 2 more of this range)"))
    }
}
