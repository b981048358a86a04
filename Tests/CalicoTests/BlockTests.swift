import Addresses
import Testing

@testable import Calico

@Suite("A node's block")
struct BlockTests {
    @Test(
        "is the one that Calico draws for the node's name",
        arguments: [
            ("dual-stack-worker", "fd00:10:244::/48", 122, "fd00:10:244:1b38:1133:7e2c:be1e:4d00"),
            ("dual-stack-worker2", "fd00:10:244::/48", 122, "fd00:10:244:b742:2d01:58:8f51:b000"),
            ("dual-stack-control-plane", "fd00:10:244::/48", 122, "fd00:10:244:c5ed:ff89:5a77:afb2:cfc0"),
            ("dual-stack-control-plane", "192.168.0.0/16", 26, "192.168.207.192"),
            ("dual-stack-worker", "192.168.0.0/16", 26, "192.168.77.0"),
            ("dual-stack-worker2", "192.168.0.0/16", 26, "192.168.183.64"),
            ("edge-a", "10.244.0.0/16", 26, "10.244.21.192"),
            ("edge-b", "10.244.0.0/16", 26, "10.244.187.128"),
            ("edge-a", "fd10:244::/56", 122, "fd10:244:0:d9:9550:730e:5f2f:7300"),
            ("node1", "192.168.0.0/16", 26, "192.168.166.128"),
            ("node2", "192.168.0.0/16", 26, "192.168.104.0"),
            ("node1", "fd00:10:244::/48", 122, "fd00:10:244:df9b:fa8:334a:557b:7740"),
            ("node2", "10.48.0.0/12", 24, "10.54.85.0"),
            // 2^63 blocks: 64 significant bits, where the top word is taken whole; and one bit more, a second word.
            ("node1", "fd00::/59", 122, "fd00::a:5fa4:d2f8:ea45:9500"),
            ("node2", "fd00::/59", 122, "fd00::17:46d8:50b:ed5c:6800"),
            ("node1", "fd00::/58", 122, "fd00::30:c11:b42f:f17e:a680"),
            // One block, and blocks of one address.
            ("node1", "10.0.0.0/26", 26, "10.0.0.0"),
            ("node1", "10.0.0.0/24", 32, "10.0.0.154"),
        ])
    func vectors(node: String, pool: String, blockSize: Int, block: String) throws {
        let pool = try IPPool(name: "pool", prefix: #require(Prefix(pool)), blockSize: blockSize)
        #expect(pool.block(at: pool.firstBlockIndex(for: node)).description == "\(block)/\(blockSize)")
    }

    @Test("blocks are counted from the pool's first address")
    func blockIndex() throws {
        let pool = try IPPool(name: "pool", prefix: #require(Prefix("fd00:10:244::/48")), blockSize: 122)
        #expect(pool.block(at: 0) == Prefix("fd00:10:244::/122"))
        #expect(pool.block(at: 1) == Prefix("fd00:10:244::40/122"))
        #expect(pool.block(at: 1 << 74 - 1) == Prefix("fd00:10:244:ffff:ffff:ffff:ffff:ffc0/122"))
    }

    @Test(
        "a pool that cannot be divided is refused",
        arguments: [("10.0.0.0/26", 24), ("10.0.0.0/26", 33), ("::/0", 128)])
    func badBlockSize(prefix: String, blockSize: Int) throws {
        let prefix = try #require(Prefix(prefix))
        #expect(throws: IPAMError.badBlockSize(pool: "pool", prefix: prefix, blockSize: blockSize)) {
            try IPPool(name: "pool", prefix: prefix, blockSize: blockSize)
        }
    }

    @Test("a walk sees every block once, from any start round to the block before it")
    func walk() throws {
        let pool = try IPPool(name: "pool", prefix: #require(Prefix("10.0.0.0/24")), blockSize: 26)
        #expect(blocks(pool, from: 2) == ["10.0.0.128/26", "10.0.0.192/26", "10.0.0.0/26", "10.0.0.64/26"])
        #expect(blocks(pool, from: 0) == ["10.0.0.0/26", "10.0.0.64/26", "10.0.0.128/26", "10.0.0.192/26"])
        #expect(try blocks(IPPool(name: "one", prefix: pool.prefix, blockSize: 24), from: 0) == ["10.0.0.0/24"])
    }

    @Test("a walk leaves out blocks that are wholly reserved, and keeps those that are partly reserved")
    func walkReserved() throws {
        let pool = try IPPool(name: "pool", prefix: #require(Prefix("10.0.0.0/24")), blockSize: 26)
        #expect(blocks(pool, from: 3, reserved: ["10.0.0.0/25"]) == ["10.0.0.192/26", "10.0.0.128/26"])
        #expect(blocks(pool, from: 1, reserved: ["10.0.0.0/25"]) == ["10.0.0.128/26", "10.0.0.192/26"])
        #expect(blocks(pool, from: 2, reserved: ["10.0.0.0/27"]).count == 4)
        #expect(blocks(pool, from: 2, reserved: ["10.0.0.0/16"]) == [])
    }

    @Test("a reservation of half of 2^74 blocks is stepped over at once")
    func walkLargeReservation() throws {
        let pool = try IPPool(name: "pool", prefix: #require(Prefix("fd00:10:244::/48")), blockSize: 122)
        var walk = try BlockWalk(pool, from: 1, skipping: [#require(Prefix("fd00:10:244::/49"))])
        #expect(walk.next() == Prefix("fd00:10:244:8000::/122"))
    }

    private func blocks(_ pool: IPPool, from start: UInt128, reserved: [String] = []) -> [String] {
        var walk = BlockWalk(pool, from: start, skipping: reserved.compactMap { Prefix($0) })
        var seen: [String] = []
        while let block = walk.next(), seen.count < 10 { seen.append(block.description) }
        return seen
    }
}
