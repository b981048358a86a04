import Addresses
import Testing

@testable import PacketTrace
@testable import Packets

@Suite("What a packet becomes between two places")
struct PathChangeTests {
    private func layer(
        _ source: String, _ destination: String, ports: (UInt16, UInt16)? = nil, identifier: UInt16? = nil,
        frame: (String, String)? = ("02:00:00:00:00:01", "02:00:00:00:00:02"), vlans: [UInt16] = [], vni: UInt32? = nil
    ) -> PacketLayer {
        PacketLayer(
            link: frame.map {
                EthernetHeader(destination: MACAddress($0.1)!, source: MACAddress($0.0)!, type: 0x800)
            }, vlans: vlans, source: IPAddress(source)!, destination: IPAddress(destination)!, ttl: 64,
            ports: ports.map { .init(source: $0.0, destination: $0.1) }, identifier: identifier, vni: vni)
    }

    private func end(_ address: String, _ port: UInt16? = nil) -> PathEnd { PathEnd(IPAddress(address)!, port) }

    @Test("nothing, on the other end of a cable")
    func nothing() {
        let packet = [layer("10.0.0.1", "10.0.0.2", ports: (1, 2))]
        #expect(PathChange.all(from: packet, to: packet).isEmpty)
    }

    @Test("NAT changes addresses and ports, or an echo's identifier, and a router the frame")
    func addresses() {
        let before = [layer("10.0.0.1", "10.96.0.1", ports: (1000, 80))]
        let after = [
            layer(
                "10.0.0.9", "10.1.0.1", ports: (2000, 8080), frame: ("02:00:00:00:00:03", "02:00:00:00:00:04"))
        ]
        #expect(
            PathChange.all(from: before, to: after) == [
                .source(from: end("10.0.0.1", 1000), to: end("10.0.0.9", 2000), isOuter: false),
                .destination(from: end("10.96.0.1", 80), to: end("10.1.0.1", 8080), isOuter: false),
                .frame(source: MACAddress("02:00:00:00:00:03")!, destination: MACAddress("02:00:00:00:00:04")!),
            ])
        #expect(
            PathChange.all(
                from: [layer("10.0.0.1", "10.0.0.2", identifier: 1)], to: [layer("10.0.0.1", "10.0.0.2", identifier: 2)]
            )
                == [.identifier(from: 1, to: 2)])
    }

    @Test("a tunnel's packet around it, with the frame inside, and its coming out of it again")
    func tunnels() {
        let inner = layer("fd00:1::1", "fd00:1::2", frame: ("66:00:00:00:00:01", "66:00:00:00:00:02"))
        let outer = layer("fd00::1", "fd00::2", ports: (5000, 4789), vni: 4096)
        let tunnel = PathChange.Tunnel(
            vni: 4096, source: IPAddress("fd00::1")!, destination: IPAddress("fd00::2")!,
            ports: .init(source: 5000, destination: 4789), frame: inner.link)
        #expect(PathChange.all(from: [inner], to: [outer, inner]) == [.encapsulated(tunnel)])
        #expect(PathChange.all(from: [outer, inner], to: [inner]) == [.decapsulated(tunnel)])
        // Within the tunnel the outer frame is the one that changes.
        var next = outer
        next.link = EthernetHeader(
            destination: MACAddress("02:00:00:00:00:09")!, source: MACAddress("02:00:00:00:00:08")!, type: 0x86dd)
        #expect(
            PathChange.all(from: [outer, inner], to: [next, inner]) == [
                .frame(source: next.link!.source, destination: next.link!.destination)
            ])
        // And NAT of the tunnel's own packet is the tunnel's.
        var translated = outer
        translated.source = IPAddress("fd00::9")!
        #expect(
            PathChange.all(from: [outer, inner], to: [translated, inner]) == [
                .source(from: end("fd00::1", 5000), to: end("fd00::9", 5000), isOuter: true)
            ])
        // IP in IP has no frame inside.
        let bare = layer("192.168.0.1", "192.168.0.2", frame: nil)
        let carrier = layer("10.0.0.1", "10.0.0.2")
        #expect(
            PathChange.all(from: [layer("192.168.0.1", "192.168.0.2")], to: [carrier, bare]) == [
                .encapsulated(
                    .init(vni: nil, source: carrier.source, destination: carrier.destination, ports: nil, frame: nil))
            ])
    }

    @Test("VLAN tags that come and go")
    func tags() {
        let (plain, tagged) = (layer("10.0.0.1", "10.0.0.2"), layer("10.0.0.1", "10.0.0.2", vlans: [10]))
        #expect(PathChange.all(from: [plain], to: [tagged]) == [.vlans(from: [], to: [10])])
        #expect(PathChange.all(from: [tagged], to: [plain]) == [.vlans(from: [10], to: [])])
    }

    @Test("packets without IP are like any other")
    func withoutIP() {
        #expect(PathChange.all(from: [], to: []).isEmpty)
        #expect(PathChange.all(from: [], to: [layer("10.0.0.1", "10.0.0.2")]).count == 1)
    }
}
