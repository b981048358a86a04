import Glibc
import KernelTestSupport
import NetworkNamespaces
import Synchronization
import System
import Testing

@testable import Engine

@Suite("Namespaces that are made ahead", .needsRoot, .timeLimit(.minutes(20)))
struct NamespaceStockTests {
    @Test(
        "whoever takes gets a namespace of its own, one of the stock or another",
        arguments: [(0, 3), (3, 3), (4, 9), (9, 2)])
    func taken(stock count: Int, takers: Int) throws {
        let stock = try NamespaceStock(count: count)
        let found = Mutex<[UInt64]>([])
        try NamespaceThread.forEach(takers) { thread, _ in
            let cookie = try thread.enterNew(of: stock) { inside in
                #expect(try inside.sysctl("ipv4/ip_default_ttl") == "64")
                return try inside.cookie()
            }
            found.withLock { $0.append(cookie ?? 0) }
        }
        #expect(Set(found.withLock { $0 }).count == takers)
        stock.close()
    }

    @Test("a stock that is closed has none left, and none made")
    func closed() throws {
        let stock = try NamespaceStock(count: 3)
        stock.close()
        let cookies = try NamespaceThread.run { thread in
            try (0..<2).map { _ in try thread.enterNew(of: stock) { try $0.cookie() } }
        }
        #expect(Set(cookies).count == 2)
    }
}
