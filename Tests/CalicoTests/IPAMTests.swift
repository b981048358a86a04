import Addresses
import Testing

@testable import Calico

@Suite("The address book")
struct IPAMTests {
    private func pool(_ prefix: String, _ blockSize: Int, name: String = "pool") throws -> IPPool {
        try IPPool(name: name, prefix: #require(Prefix(prefix)), blockSize: blockSize)
    }

    private func pod(_ name: String) -> IPAM.Owner { .pod(namespace: "default", name: name) }

    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    @Test("addresses of a block are given lowest first, the first and the last of it too")
    func ordinals() throws {
        let pool = try pool("192.168.0.0/16", 30)
        var ipam = IPAM(pools: [pool])
        let first = pool.block(at: pool.firstBlockIndex(for: "n"))
        let given = try (0..<4).map { try ipam.assign(to: pod("p\($0)"), on: "n", from: [pool]) }
        #expect(given == (0..<4).map { first.address(at: $0) })
        #expect(ipam.blocks(of: "n").map(\.prefix) == [first])
    }

    @Test("a node whose block is full claims the next one")
    func nextBlock() throws {
        let pool = try pool("10.0.0.0/24", 26)
        var ipam = IPAM(pools: [pool])
        for index in 0..<65 { _ = try ipam.assign(to: pod("p\(index)"), on: "node1", from: [pool]) }
        #expect(ipam.blocks(of: "node1").map(\.prefix) == [Prefix("10.0.0.128/26"), Prefix("10.0.0.192/26")])
        #expect(ipam.assignments.last?.address == IPAddress("10.0.0.192"))
        #expect(ipam.assignments.last?.isBorrowed == false)
    }

    @Test("a node whose drawn block another node has takes the next free one, past the pool's end too")
    func wrapAround() throws {
        let pool = try pool("10.0.0.0/24", 26)
        var ipam = IPAM(pools: [pool])
        // node1 and node3 both draw 10.0.0.128/26, node5 draws 10.0.0.192/26.
        #expect(try ipam.assign(to: pod("a"), on: "node1", from: [pool]) == IPAddress("10.0.0.128"))
        #expect(try ipam.assign(to: pod("b"), on: "node3", from: [pool]) == IPAddress("10.0.0.192"))
        #expect(try ipam.assign(to: pod("c"), on: "node5", from: [pool]) == IPAddress("10.0.0.0"))
    }

    @Test("a node that finds no free block borrows from another node's, in a walk from its own draw")
    func borrowing() throws {
        let pool = try pool("10.0.0.0/30", 31)
        var ipam = IPAM(pools: [pool])
        for (index, node) in ["a", "b", "c", "c"].enumerated() {
            _ = try ipam.assign(to: pod("p\(index)"), on: node, from: [pool])
        }
        let borrowed = ipam.assignments.filter(\.isBorrowed)
        #expect(borrowed.map(\.node) == ["c", "c"])
        #expect(Set(borrowed.map(\.blockNode)) == ["a", "b"])
        #expect(throws: IPAMError.exhausted(pools: ["pool"], node: "a")) {
            try ipam.assign(to: pod("late"), on: "a", from: [pool])
        }
    }

    @Test("a pool of one block serves one node, and lends to the others")
    func oneBlock() throws {
        let pool = try pool("10.0.0.0/26", 26)
        var ipam = IPAM(pools: [pool])
        #expect(try ipam.assign(to: .tunnel(.vxlan, node: "a"), on: "a", from: [pool]) == IPAddress("10.0.0.0"))
        #expect(try ipam.assign(to: .tunnel(.vxlan, node: "b"), on: "b", from: [pool]) == IPAddress("10.0.0.1"))
        #expect(ipam.blocks.map(\.node) == ["a"])
        #expect(ipam.assignments.map(\.isBorrowed) == [false, true])
    }

    @Test("a node gets no more than twenty blocks")
    func blockLimit() throws {
        let pool = try pool("10.0.0.0/24", 31)
        var ipam = IPAM(pools: [pool])
        for index in 0..<40 { _ = try ipam.assign(to: pod("p\(index)"), on: "n", from: [pool]) }
        #expect(throws: IPAMError.tooManyBlocks(node: "n", limit: 20)) {
            try ipam.assign(to: pod("p40"), on: "n", from: [pool])
        }
    }

    @Test("reserved addresses are not given out, but may be asked for")
    func reservations() throws {
        let pool = try pool("192.168.0.0/16", 26)
        var ipam = try IPAM(pools: [pool], reservations: [#require(Prefix("192.168.166.128/30"))])
        #expect(try ipam.assign(to: pod("a"), on: "node1", from: [pool]) == IPAddress("192.168.166.132"))
        try ipam.assign(address("192.168.166.129"), to: pod("b"), on: "node1")
        #expect(try ipam.owner(of: address("192.168.166.129")) == pod("b"))
    }

    @Test("a reservation in the middle of a block and one past its end")
    func reservationInTheMiddle() throws {
        let pool = try pool("10.0.0.0/26", 29)
        var ipam = try IPAM(
            pools: [pool], reservations: [#require(Prefix("10.0.0.2/31")), #require(Prefix("10.0.0.6/32"))])
        try ipam.assign(address("10.0.0.0"), to: pod("static"), on: "n")
        let given = try (0..<4).map { try ipam.assign(to: pod("p\($0)"), on: "n", from: [pool]).description }
        #expect(given == ["10.0.0.1", "10.0.0.4", "10.0.0.5", "10.0.0.7"])
    }

    @Test("an address that a pod asks for makes an unclaimed block the node's")
    func requestedClaims() throws {
        let pool = try pool("192.168.0.0/16", 26)
        var ipam = IPAM(pools: [pool])
        try ipam.assign(address("192.168.50.5"), to: pod("a"), on: "node1")
        #expect(ipam.blocks(of: "node1").map(\.prefix) == [Prefix("192.168.50.0/26")])
        // The node has a block now, so the next pod takes the lowest address of that one.
        #expect(try ipam.assign(to: pod("b"), on: "node1", from: [pool]) == IPAddress("192.168.50.0"))
    }

    @Test("an address that a pod asks for in another node's block is borrowed")
    func requestedBorrows() throws {
        let pool = try pool("192.168.0.0/16", 26)
        var ipam = IPAM(pools: [pool])
        _ = try ipam.assign(to: .tunnel(.vxlan, node: "node2"), on: "node2", from: [pool])
        try ipam.assign(address("192.168.104.9"), to: pod("a"), on: "node1")
        let last = try #require(ipam.assignments.last)
        #expect(last.isBorrowed)
        #expect(last.blockNode == "node2")
        #expect(ipam.blocks(of: "node1").isEmpty)
    }

    @Test("an address that a pod will ask for is kept for it")
    func requestedIsKept() throws {
        let pool = try pool("192.168.0.0/16", 26)
        var ipam = try IPAM(pools: [pool], requested: [address("192.168.166.129")])
        #expect(try ipam.assign(to: pod("a"), on: "node1", from: [pool]) == IPAddress("192.168.166.128"))
        #expect(try ipam.assign(to: pod("b"), on: "node1", from: [pool]) == IPAddress("192.168.166.130"))
    }

    @Test("two pods that ask for one address are both named")
    func duplicate() throws {
        let pool = try pool("192.168.0.0/16", 26)
        var ipam = IPAM(pools: [pool])
        let wanted = try address("192.168.1.1")
        try ipam.assign(wanted, to: pod("a"), on: "node1")
        let error = IPAMError.taken(wanted, by: pod("a"), wantedBy: pod("b"))
        #expect(throws: error) { try ipam.assign(wanted, to: pod("b"), on: "node2") }
        #expect(error.description == "pod default/b asks for 192.168.1.1, which pod default/a has")
    }

    @Test("an address in no pool, and a node without a pool")
    func outside() throws {
        var ipam = try IPAM(pools: [pool("192.168.0.0/16", 26)])
        let wanted = try address("10.1.1.1")
        #expect(throws: IPAMError.outsidePools(wanted, wantedBy: pod("a"))) {
            try ipam.assign(wanted, to: pod("a"), on: "n")
        }
        #expect(throws: IPAMError.noPool(node: "n")) { try ipam.assign(to: pod("a"), on: "n", from: []) }
    }

    @Test("the second pool is used when the first has no room")
    func secondPool() throws {
        let (small, large) = try (pool("10.0.0.0/31", 31, name: "small"), pool("10.1.0.0/16", 26, name: "large"))
        var ipam = IPAM(pools: [small, large])
        for index in 0..<3 { _ = try ipam.assign(to: pod("p\(index)"), on: "n", from: [small, large]) }
        #expect(ipam.blocks.map(\.pool) == ["small", "large"])
    }

    @Test("a node's blocks are used in the order of their names")
    func affinityOrder() throws {
        let pool = try pool("192.168.0.0/16", 26)
        var ipam = IPAM(pools: [pool])
        for wanted in ["192.168.50.1", "192.168.183.65"] { try ipam.assign(address(wanted), to: pod(wanted), on: "n") }
        // "192-168-183-64-26" comes before "192-168-50-0-26".
        #expect(try ipam.assign(to: pod("p"), on: "n", from: [pool]) == IPAddress("192.168.183.64"))
    }

    @Test("addresses that are taken back are given again")
    func release() throws {
        let pool = try pool("192.168.0.0/16", 26)
        var ipam = IPAM(pools: [pool])
        let first = try ipam.assign(to: pod("a"), on: "n", from: [pool])
        let second = try ipam.assign(to: pod("b"), on: "n", from: [pool])
        ipam.releaseAssignments(after: 1)
        #expect(ipam.owner(of: first) == pod("a") && ipam.owner(of: second) == nil)
        #expect(try ipam.assign(to: pod("c"), on: "n", from: [pool]) == second)
    }

    // MARK: An address book that goes on

    /// The address book of a pool that goes on, with the nodes and pods that are still there.
    private func continued(
        _ ipam: IPAM, _ pool: IPPool, nodes: Set<String> = ["n"], serves: Bool = true, _ pods: [String: String]
    ) -> IPAM {
        IPAM(
            pools: [pool], continuing: ipam.kept, nodes: nodes, serves: { _, _ in serves },
            holder: { owner, _, _ in
                if case .pod(_, let name) = owner { pods[name] } else { nil }
            })
    }

    @Test("an address that is given back goes to the end of its block's queue, as does the next")
    func queue() throws {
        let pool = try pool("10.0.0.0/29", 29)
        var ipam = IPAM(pools: [pool])
        for name in ["a", "b", "c", "d"] { _ = try ipam.assign(to: pod(name), on: "n", from: [pool]) }
        ipam = continued(ipam, pool, ["a": "n", "b": "n", "d": "n"])
        ipam = continued(ipam, pool, ["b": "n", "d": "n"])
        #expect(ipam.kept.map(\.released) == [["10.0.0.2", "10.0.0.0"].compactMap { IPAddress($0) }])
        #expect(ipam.addresses(of: pod("d")).map(\.description) == ["10.0.0.3"])
        let given = try (0..<6).map { try ipam.assign(to: pod("p\($0)"), on: "n", from: [pool]).description }
        #expect(given == ["10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7", "10.0.0.2", "10.0.0.0"])
        #expect(throws: IPAMError.exhausted(pools: [pool.name], node: "n")) {
            try ipam.assign(to: pod("more"), on: "n", from: [pool])
        }
    }

    @Test("an address that was given back can be asked for, and leaves the queue")
    func queueAsked() throws {
        let pool = try pool("10.0.0.0/30", 30)
        var ipam = IPAM(pools: [pool])
        for name in ["a", "b"] { _ = try ipam.assign(to: pod(name), on: "n", from: [pool]) }
        ipam = continued(ipam, pool, ["b": "n"])
        try ipam.assign(address("10.0.0.0"), to: pod("c"), on: "n")
        #expect(ipam.kept.map(\.released) == [[]])
        ipam.release(pod("b"))
        let given = try (0..<3).map { try ipam.assign(to: pod("p\($0)"), on: "n", from: [pool]).description }
        #expect(given == ["10.0.0.2", "10.0.0.3", "10.0.0.1"])
    }

    @Test("an empty block stays its node's; without its node, or with a pool that is not for it any more, it goes")
    func emptyBlocks() throws {
        let pool = try pool("192.168.0.0/16", 26)
        var ipam = IPAM(pools: [pool])
        let first = try ipam.assign(to: pod("a"), on: "n", from: [pool])
        #expect(continued(ipam, pool, [:]).blocks(of: "n").count == 1)
        #expect(continued(ipam, pool, nodes: ["other"], [:]).blocks.isEmpty)
        #expect(continued(ipam, pool, serves: false, [:]).blocks.isEmpty)
        #expect(continued(ipam, pool, serves: false, ["a": "n"]).blocks(of: "n").count == 1)
        let resized = try self.pool("192.168.0.0/16", 28)
        #expect(continued(ipam, resized, ["a": "n"]).blocks.isEmpty)
        ipam = continued(ipam, pool, [:])
        #expect(try ipam.assign(to: pod("b"), on: "n", from: [pool]) != first)
    }

    @Test("a block whose node has gone is nobody's while another node's pod has an address of it")
    func orphanedBlock() throws {
        let pool = try pool("10.0.0.0/30", 30)
        var ipam = IPAM(pools: [pool])
        _ = try ipam.assign(to: pod("a"), on: "n", from: [pool])
        _ = try ipam.assign(to: pod("b"), on: "m", from: [pool])
        ipam = continued(ipam, pool, nodes: ["m"], ["b": "m"])
        #expect(ipam.blocks.map(\.node) == [nil])
        #expect(ipam.assignments.map(\.isBorrowed) == [true])
        #expect(continued(ipam, pool, nodes: ["m"], [:]).blocks.isEmpty)
    }
}
