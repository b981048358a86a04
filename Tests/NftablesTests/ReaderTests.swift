import Addresses
import NetworkObjects
import Testing

@testable import Netlink
@testable import Nftables

@Suite("Rule sets read from messages")
struct ReaderTests {
    private static func messages(_ table: RuleTable) throws -> [UInt8] {
        var batch = RuleBatch(on: 1)
        for change in table.creation { try batch.append(change) }
        batch.end()
        return batch.requests.bytes
    }

    private static func read(_ bytes: [UInt8]) -> (tables: [RuleTable?], error: MalformedMessage?) {
        var reader = RuleSetReader()
        do throws(MalformedMessage) {
            for message in try Message.all(in: bytes) { try reader.take(message) }
        } catch {
            return (reader.tables.map { reader.table($0) }, error)
        }
        return (reader.tables.map { reader.table($0) }, nil)
    }

    @Test("what was read is read again as the same", arguments: SampleTables.all)
    func again(_ table: RuleTable) throws {
        let once = try #require(Nftables.readBack(table))
        #expect(Nftables.readBack(once) == once)
        #expect(once.comment == table.comment)
        #expect(once.chains.map(\.name) == table.chains.map(\.name))
        #expect(once.sets.map(\.name) == table.sets.map(\.name))
        // But for the order of elements, and ranges that touch, all is as it was.
        let rules = { (table: RuleTable) in table.chains.filter { $0.name != "matches" }.map(\.rules) }
        #expect(rules(once) == rules(table))
    }

    @Test("the elements of a set of a rule's own are in nft's order, and those that touch are one")
    func ownSets() throws {
        var table = RuleTable(.ip, "t")
        func rule(_ elements: [RuleValue]) -> Rule {
            Rule([.match(.sourceAddress(.ipv4), .elements(elements.map { .init([$0]) }))])
        }
        let (one, two) = (Prefix("10.0.0.0/24")!, Prefix("10.0.1.0/24")!)
        table.chains = [
            .init(
                "c",
                [
                    rule([.address(IPAddress("10.0.0.9")!), .address(IPAddress("10.0.0.3")!)]),
                    rule([.prefix(two), .prefix(one)]),
                ])
        ]
        let read = try #require(Nftables.readBack(table))
        #expect(
            read.chains[0].rules == [
                rule([.address(IPAddress("10.0.0.3")!), .address(IPAddress("10.0.0.9")!)]),
                rule([.prefix(Prefix("10.0.0.0/23")!)]),
            ])
    }

    @Test("what has no bytes in a message is told to nft in its own words")
    func unsayable() {
        func isSaid(_ statement: Rule.Statement, _ family: RuleTable.Family = .ip) -> Bool {
            var table = RuleTable(family, "t")
            table.chains = [.init("c", [Rule([statement])])]
            return Nftables.readBack(table) != nil
        }
        #expect(isSaid(.match(.transport, .value(.transport(.udp)))))
        #expect(!isSaid(.other("limit rate 5/second")))
        #expect(!isSaid(.verdict(.other("queue"))))
        #expect(!isSaid(.match(.transport, .value(.other("icmp")))))
        #expect(!isSaid(.match(.transport, .value(.number(6)))))
        #expect(!isSaid(.match(.destinationPort, .value(.number(65536)))))
        #expect(!isSaid(.match(.destinationPort, .value(.prefix(Prefix("10.0.0.0/8")!)))))
        #expect(!isSaid(.match(.sourceAddress(.ipv6), .value(.address(IPAddress("fd00::1")!)))))
        #expect(!isSaid(.match(.sourceAddress(.ipv4), .value(.address(IPAddress("10.0.0.1")!))), .inet))
        #expect(!isSaid(.mismatch(.connectionState, .value(.other("new")))))
        #expect(!isSaid(.match(.concatenation([]), .named("s"))))
        #expect(!isSaid(.reject, .inet))
        #expect(!isSaid(.translation(to: .init(IPAddress("fd00::1")!, 80))))
    }

    @Test("a comment longer than nft's is not cut off in silence")
    func longComment() {
        var table = RuleTable(.ip, "t")
        table.comment = String(repeating: "c", count: 128)
        #expect(Nftables.readBack(table)?.comment == table.comment)
        table.comment = String(repeating: "c", count: 129)
        #expect(Nftables.readBack(table) == nil)
    }

    @Test("what a message is about is told by name")
    func names() throws {
        let messages = try Message.all(in: try Self.messages(SampleTables.everything(.ipv6)))
        let names = messages.map { RuleObjectName($0).description }
        #expect(names.first == "the transaction" && names.last == "the transaction")
        #expect(names.contains("add table ip6 sample"))
        #expect(names.contains("add set ip6 sample services"))
        #expect(names.contains("add elements to set ip6 sample services"))
        #expect(names.contains("add chain ip6 sample matches"))
        #expect(names.contains("add rule in chain ip6 sample matches"))
    }

    @Test("messages that are cut off at any place, or have any byte wrong, are refused or read as something else")
    func hostile() throws {
        let bytes = try Self.messages(SampleTables.everything(.ipv4))
        for end in stride(from: 0, to: bytes.count, by: 7) { _ = Self.read(Array(bytes[..<end])) }
        var generator = SplitMix(state: 1)
        for _ in 0..<4000 {
            var wrong = bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                wrong[Int.random(in: wrong.indices, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            for table in Self.read(wrong).tables {
                guard let table else { continue }
                #expect(table.differences(from: table).isEmpty)
                _ = table.declaration
            }
        }
    }

    /// The same numbers in every run.
    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }
}
