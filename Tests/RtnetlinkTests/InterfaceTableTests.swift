import Addresses
import NetworkObjects
import Testing

@testable import Rtnetlink

@Suite("numbers of links")
struct InterfaceTableTests {
    @Test("a number that someone chose far up leaves room for those that are chosen here")
    func farUp() {
        var table = InterfaceTable()
        for (name, index) in [("a", Int32.max), ("b", 1 << 30), ("c", 1 << 30 - 1)] as [(InterfaceName, Int32)] {
            table.insert(name, index)
        }
        let chosen = [table.assign("d"), table.assign("e")]
        #expect(chosen == [1 << 30 + 1, 1 << 30 + 2])
        #expect(table["a"] == Int32.max && table["b"] == 1 << 30 && table["d"] == chosen[0])
    }
}
