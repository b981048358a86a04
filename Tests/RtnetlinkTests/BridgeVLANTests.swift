import Addresses
import Glibc
import KernelTestSupport
import Netlink
import NetworkObjects
import Testing

@testable import Rtnetlink

@Suite("bridge VLANs")
struct BridgeVLANTests {
    private static let table = {
        var table = InterfaceTable()
        table.insert("br", 3)
        table.insert("eth1", 4)
        return table
    }()

    @Test("the access VLAN of a port is a message of the bridge family with its flags and number")
    func portBytes() throws {
        var batch = RouteBatch()
        try batch.add(BridgeVLAN("eth1", id: 10, isPVID: true, isUntagged: true), in: Self.table)
        #expect(
            batch.requests.bytes == [
                44, 0, 0, 0, 19, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,  // RTM_SETLINK, a request
                7, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  // AF_BRIDGE, link 4
                12, 0, 26, 0x80,  // IFLA_AF_SPEC, nested
                8, 0, 2, 0, 6, 0, 10, 0,  // IFLA_BRIDGE_VLAN_INFO: PVID and untagged, VLAN 10
            ])
    }

    @Test("a VLAN of the bridge itself says so, and is deleted by the message that deletes")
    func selfBytes() throws {
        var batch = RouteBatch()
        try batch.delete(BridgeVLAN("br", id: 4094, isSelf: true), in: Self.table)
        #expect(
            batch.requests.bytes == [
                52, 0, 0, 0, 17, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,  // RTM_DELLINK
                7, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  // AF_BRIDGE, link 3
                20, 0, 26, 0x80,  // IFLA_AF_SPEC, nested
                6, 0, 0, 0, 2, 0, 0, 0,  // IFLA_BRIDGE_FLAGS: self
                8, 0, 2, 0, 0, 0, 0xfe, 0x0f,  // IFLA_BRIDGE_VLAN_INFO: VLAN 4094
            ])
    }

    @Test("a range of VLANs is read as each of them, and the bridge is known by being its own master")
    func ranges() throws {
        func message(index: UInt8, master: UInt8) throws -> Message {
            let bytes: [UInt8] = [
                68, 0, 0, 0, 16, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0,  // RTM_NEWLINK, part of an answer
                7, 0, 1, 0, index, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  // AF_BRIDGE
                8, 0, 10, 0, master, 0, 0, 0,  // IFLA_MASTER
                28, 0, 26, 0x80,  // IFLA_AF_SPEC
                8, 0, 2, 0, 6, 0, 1, 0,  // VLAN 1, PVID and untagged
                8, 0, 2, 0, 8, 0, 20, 0,  // from VLAN 20
                8, 0, 2, 0, 16, 0, 22, 0,  // to VLAN 22
            ]
            return try #require(try Message.all(in: bytes).first)
        }
        #expect(
            try BridgeVLAN.decode(message(index: 4, master: 3), in: Self.table) == [
                BridgeVLAN("eth1", id: 1, isPVID: true, isUntagged: true), BridgeVLAN("eth1", id: 20),
                BridgeVLAN("eth1", id: 21), BridgeVLAN("eth1", id: 22),
            ])
        #expect(try BridgeVLAN.decode(message(index: 3, master: 3), in: Self.table).allSatisfy(\.isSelf))
        #expect(try BridgeVLAN.decode(message(index: 9, master: 3), in: Self.table).isEmpty)
    }

    @Test(
        "VLANs are read back where the kernel filters; where it does not they are refused, and none are read",
        .needsRoot, .timeLimit(.minutes(20)))
    func kernel() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            let aware = try Witness.run([
                "ip", "link", "add", "name", "br", "type", "bridge", "vlan_filtering", "1", "vlan_default_pvid", "0",
            ])
            if aware.status == 0 {
                bench.table = InterfaceTable(try bench.socket.links())
            } else {
                try bench.create(Link("br", .bridge(Bridge())))
            }
            try bench.createVeth(Link("eth1", .veth(peer: nil), master: "br"), Link("far", .veth(peer: nil)))
            let wanted = [
                BridgeVLAN("eth1", id: 10, isPVID: true, isUntagged: true), BridgeVLAN("eth1", id: 20),
                BridgeVLAN("br", id: 10, isSelf: true),
            ]
            for vlan in wanted { try bench.batch.add(vlan, in: bench.table) }
            if aware.status == 0 {
                try bench.socket.execute(&bench.batch)
                #expect(Set(try bench.socket.bridgeVLANs(in: bench.table)) == Set(wanted))
                let witness = try Witness.json("bridge -j vlan show dev eth1")
                let vlans = try #require(witness.first?["vlans"] as? [[String: Any]])
                #expect(vlans.map { $0["vlan"] as? Int } == [10, 20])
                try bench.batch.delete(wanted[1], in: bench.table)
                try bench.socket.execute(&bench.batch)
                #expect(try !bench.socket.bridgeVLANs(in: bench.table).contains(wanted[1]))
            } else {
                #expect(try refusals(&bench).map(\.errno) == [EOPNOTSUPP, EOPNOTSUPP, EOPNOTSUPP])
                let witness = try Witness.run(["bridge", "vlan", "add", "dev", "eth1", "vid", "10"])
                #expect(witness.status != 0)
                #expect(try bench.socket.bridgeVLANs(in: bench.table).isEmpty)
            }
        }
    }
}
