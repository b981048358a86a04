import Addresses
import Foundation
import Testing
import Topology

@testable import Blueprint

@Suite("The natOutgoing tables")
struct OutgoingNATTests {
    private let pools = [
        Labs.pool("a", "192.168.0.0/16", .vxlan), Labs.pool("b", "10.48.0.0/12", .none, nat: false),
        Labs.pool("c", "172.16.0.0/24", .none), Labs.pool("d", "fd00:10:244::/48", .vxlan),
    ]

    @Test("a family without such a pool has no table")
    func none() {
        #expect(OutgoingNAT(.ipv6, Array(pools[..<3])) == nil)
        #expect(OutgoingNAT(.ipv4, [pools[1]]) == nil)
        #expect(OutgoingNAT(.ipv4, []) == nil)
    }

    @Test("what is masqueraded: from a natOutgoing pool, to outside every pool; and the table says the same")
    func decision() throws {
        let sets = try #require(OutgoingNAT(.ipv4, pools))
        let table = sets.table
        #expect(table.sets.map(\.name) == ["cali40all-ipam-pools", "cali40masq-ipam-pools"])
        #expect(
            table.sets.map { $0.elements.map(\.key) }
                == [sets.pools, sets.masqueraded].map { $0.map { [.prefix($0)] } })
        #expect(
            table.chains.first?.rules.first?.description.hasPrefix(
                "ip saddr @cali40masq-ipam-pools ip daddr != @cali40all-ipam-pools counter masquerade fully-random comment "
            ) == true)
        #expect(table.counts && !table.remembers)
        func masquerades(_ source: String, _ destination: String) throws -> Bool {
            try sets.changesSource(#require(IPAddress(source)), to: #require(IPAddress(destination)))
        }
        #expect(try masquerades("192.168.1.1", "1.1.1.1"))
        #expect(try masquerades("172.16.0.9", "10.10.10.1"))
        #expect(try !masquerades("192.168.1.1", "192.168.2.2"))
        #expect(try !masquerades("192.168.1.1", "10.50.0.1"))
        #expect(try !masquerades("10.50.0.1", "1.1.1.1"))
        #expect(try !masquerades("10.10.10.10", "1.1.1.1"))
        #expect(try !masquerades("fd00:10:244::1", "2001:db8::1"))
    }

    @Test("nft takes the tables", arguments: AddressFamily.allCases)
    func nft(family: AddressFamily) throws {
        let table = try #require(OutgoingNAT(family, pools)).table
        let file = FileManager.default.temporaryDirectory.appending(path: "nslab-test-\(UUID().uuidString).nft")
        defer { try? FileManager.default.removeItem(at: file) }
        try table.declaration.write(to: file, atomically: true, encoding: .utf8)
        // A namespace of its own that ends with the command; a user namespace makes that possible without privilege.
        let check = Process()
        check.executableURL = URL(filePath: "/usr/bin/env")
        check.arguments = ["unshare", "--map-root-user", "--net", "nft", "-c", "-f", file.path]
        try check.run()
        check.waitUntilExit()
        #expect(check.terminationStatus == 0)
    }
}
