import Addresses
import Glibc
import KernelTestSupport
import Netlink
import NetworkNamespaces
import NetworkObjects
import Testing

@testable import Rtnetlink

/// A node's VXLAN devices on an underlay.
private func tunnelBench(in inside: borrowing InsideNamespace) throws -> Workbench {
    var bench = try Workbench(in: inside)
    try bench.create(
        Link("under", .bridge(Bridge())),
        Link("vx4", .vxlan(VXLAN(vni: 4096, local: IPAddress("10.10.10.11")!, device: "under"))),
        Link("vx6", .vxlan(VXLAN(vni: 4097, local: IPAddress("fd00:10:10::11")!, device: "under"))))
    return bench
}

private let mac = MACAddress("66:ee:a7:ef:78:65")!

@Suite("neighbours in the kernel", .needsRoot, .timeLimit(.minutes(20)))
struct NeighbourTests {
    @Test(
        "a neighbour is read back as it was given",
        arguments: [
            Neighbour("vx4", IPAddress("192.168.183.64")!, mac: mac),
            Neighbour("vx6", IPAddress("fd00:10:244:b742::1")!, mac: mac),
            Neighbour("vx4", IPAddress("192.168.183.65")!, mac: mac, state: .stale),
        ])
    func roundTrip(neighbour: Neighbour) async throws {
        try await inNamespace { inside in
            var bench = try tunnelBench(in: inside)
            try bench.batch.add(neighbour, in: bench.table)
            try bench.socket.execute(&bench.batch)
            #expect(try bench.socket.neighbours(in: bench.table).contains(neighbour))
            var absent = neighbour
            absent.device = neighbour.device == "vx4" ? "vx6" : "vx4"
            #expect(try bench.socket.neighbours(of: [absent, neighbour], in: bench.table) == [neighbour])
            let witness = try Witness.json("ip -j neigh show dev \(neighbour.device)")
            let entry = try #require(witness.first { $0["dst"] as? String == "\(neighbour.address)" })
            #expect(entry["lladdr"] as? String == "\(mac)")
            #expect(entry["state"] as? [String] == [neighbour.state == .stale ? "STALE" : "PERMANENT"])

            try bench.batch.add(neighbour, in: bench.table)
            #expect(try refusal(&bench).errno == EEXIST)
            var other = neighbour
            other.mac = MACAddress("02:00:00:00:00:99")
            try bench.batch.replace(other, in: bench.table)
            try bench.socket.execute(&bench.batch)
            let seen = try bench.socket.neighbours(in: bench.table)
            #expect(seen.contains(other) && !seen.contains(neighbour))

            try bench.batch.delete(neighbour, in: bench.table)
            try bench.socket.execute(&bench.batch)
            // The kernel may show a deleted entry for a moment, as failed and without its MAC address.
            #expect(try !bench.socket.neighbours(in: bench.table).contains(other))
        }
    }
}

@Suite("forwarding entries in the kernel", .needsRoot, .timeLimit(.minutes(20)))
struct ForwardingTests {
    @Test(
        "an entry of a VXLAN device is read back as it was given",
        arguments: [
            ForwardingEntry("vx4", mac, destination: IPAddress("10.10.10.12")!),
            ForwardingEntry("vx6", mac, destination: IPAddress("fd00:10:10::12")!),
            ForwardingEntry("vx4", mac, destination: IPAddress("10.10.10.12")!, isPermanent: false),
        ])
    func roundTrip(entry: ForwardingEntry) async throws {
        try await inNamespace { inside in
            var bench = try tunnelBench(in: inside)
            try bench.batch.add(entry, in: bench.table)
            try bench.socket.execute(&bench.batch)
            #expect(try bench.socket.forwardingEntries(in: bench.table).contains(entry))
            let witness = try Witness.json("bridge -j fdb show dev \(entry.device)")
            let seen = try #require(witness.first { $0["mac"] as? String == "\(mac)" })
            #expect(seen["dst"] as? String == entry.destination.map { "\($0)" })
            #expect((seen["flags"] as? [String])?.contains("self") == true)
            #expect((seen["state"] as? String == "permanent") == entry.isPermanent)

            try bench.batch.add(entry, in: bench.table)
            #expect(try refusal(&bench).errno == EEXIST)
            var moved = entry
            moved.destination = IPAddress(entry.device == "vx4" ? "10.10.10.77" : "fd00:10:10::77")
            try bench.batch.replace(moved, in: bench.table)
            try bench.socket.execute(&bench.batch)
            let after = try bench.socket.forwardingEntries(in: bench.table)
            #expect(after.contains(moved) && !after.contains(entry))
            try bench.batch.delete(moved, in: bench.table)
            try bench.socket.execute(&bench.batch)
            #expect(try !bench.socket.forwardingEntries(in: bench.table).contains(moved))
        }
    }

    @Test("a MAC address has several destinations when they are appended")
    func several() async throws {
        try await inNamespace { inside in
            var bench = try tunnelBench(in: inside)
            let remotes = ["10.10.10.12", "10.10.10.13"].map {
                ForwardingEntry("vx4", MACAddress(0), destination: IPAddress($0)!)
            }
            for entry in remotes { try bench.batch.appendDestination(entry, in: bench.table) }
            try bench.socket.execute(&bench.batch)
            let seen = try bench.socket.forwardingEntries(in: bench.table).filter { $0.mac == MACAddress(0) }
            #expect(Set(seen) == Set(remotes))
        }
    }

    @Test("an entry of a bridge port stays in the bridge's table as static")
    func bridgePort() async throws {
        try await inNamespace { inside in
            var bench = try Workbench(in: inside)
            try bench.create(Link("br", .bridge(Bridge())))
            try bench.createVeth(Link("port", .veth(peer: nil), master: "br"), Link("far", .veth(peer: nil)))
            let entry = ForwardingEntry("port", mac, destination: nil, isSelf: false)
            try bench.batch.add(entry, in: bench.table)
            try bench.socket.execute(&bench.batch)
            #expect(try bench.socket.forwardingEntries(in: bench.table).contains(entry))
            let witness = try Witness.json("bridge -j fdb show dev port")
            let seen = try #require(witness.first { $0["mac"] as? String == "\(mac)" })
            #expect(seen["state"] as? String == "static")
            #expect(seen["master"] as? String == "br")
        }
    }
}
