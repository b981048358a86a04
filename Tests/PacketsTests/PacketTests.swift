import Addresses
import Testing

@testable import Packets

@Suite("Frames, read")
struct PacketTests {
    @Test("VXLAN over IPv6 has its headers one after the other, outer and inner")
    func vxlan() throws {
        let inner = Frame.ethernet(
            0x86dd, Frame.ipv6(58, Frame.ping6, source: "fd01::1", destination: "fd01::2", hopLimit: 63),
            source: "66:ee:a7:ef:78:65", destination: "66:52:6a:03:c1:3b")
        let frame = Frame.ethernet(0x86dd, Frame.ipv6(17, Frame.udp(48231, 4789, Frame.vxlan(4096, inner))))
        let packet = Packet(reading: frame.span)
        try #require(packet.headers.count == 7 && packet.fault == nil)
        guard case .ipv6(let outer) = packet.headers[1], case .udp(let udp) = packet.headers[2],
            case .vxlan(let tunnel) = packet.headers[3], case .ethernet(let link) = packet.headers[4],
            case .ipv6(let ip) = packet.headers[5], case .icmpv6(let message) = packet.headers[6]
        else {
            Issue.record("\(packet.headers)")
            return
        }
        #expect(outer.hopLimit == 64 && "\(outer.source)" == "fd00::1" && "\(outer.destination)" == "fd00::2")
        #expect(udp == UDPHeader(sourcePort: 48231, destinationPort: 4789, length: 8 + 8 + 14 + 40 + 64))
        #expect(tunnel == VXLANHeader(flags: 8, vni: 4096))
        #expect("\(link.source)" == "66:ee:a7:ef:78:65" && "\(link.destination)" == "66:52:6a:03:c1:3b")
        #expect(ip.hopLimit == 63 && "\(ip.destination)" == "fd01::2")
        #expect(message.echo == Echo(isRequest: true, 0x0007_0001))
        #expect(packet.payload == frame.count - 56..<frame.count && packet.payloadLength == 56)
    }

    @Test("two VLAN tags, the outer one a service tag")
    func tags() {
        let frame = Frame.ethernet(
            0x88a8, Frame.vlan(100, 0x8100, Frame.vlan(10, priority: 5, 0x800, Frame.ipv4(1, Frame.ping))))
        let packet = Packet(reading: frame.span)
        #expect(
            packet.headers[1...2] == [
                .vlan(VLANTag(tagType: 0x88a8, id: 100, priority: 0, isDropEligible: false, type: 0x8100)),
                .vlan(VLANTag(tagType: 0x8100, id: 10, priority: 5, isDropEligible: false, type: 0x800)),
            ])
        #expect(
            "\(packet)" == "vlan 100, vlan 10, p 5, IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 7, seq 1, length 64")
    }

    @Test("only the first fragment has ports")
    func fragments() {
        let first = Frame.ethernet(
            0x800, Frame.ipv4(17, Frame.udp(1, 2, [1, 2, 3, 4], length: 2000), fragment: 0x2000))
        #expect("\(Packet(reading: first.span))" == "IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 1992")
        let last = Packet(
            reading: Frame.ethernet(0x800, Frame.ipv4(17, [UInt8](repeating: 7, count: 20), fragment: 185)).span)
        #expect(last.headers.count == 2 && last.fault == nil && last.payloadLength == 20)
        #expect("\(last)" == "IP 10.0.0.1 > 10.0.0.2: frag (1480|20) ip-proto-17")
    }

    @Test("what an error quotes is read as far as it goes, and an error within it is not")
    func quotations() throws {
        func quoted(_ bytes: [UInt8]) throws -> Packet {
            let packet = Packet(reading: Frame.ethernet(0x800, Frame.ipv4(1, Frame.icmp(3, 1, 0, bytes))).span)
            guard case .icmp(let message)? = packet.headers.last else { throw Missing() }
            return try #require(message.quoted).packet
        }
        // RFC 792: the header and eight bytes, of whatever length it was.
        let segment = try quoted(Array(Frame.ipv4(6, Frame.tcp(3000, 80, flags: 2), length: 1500).prefix(28)))
        guard case .tcp(let tcp)? = segment.headers.last else { throw Missing() }
        #expect(tcp.destinationPort == 80 && tcp.sequence == 1000)
        let error = try quoted(Frame.ipv4(1, Frame.icmp(3, 1, 0, Frame.ipv4(1, Frame.ping))))
        guard case .icmp(let message)? = error.headers.last else { throw Missing() }
        #expect(message.quoted == nil)
        // A tunnel's packet that was too big shows who sent it.
        let tunnelled = try quoted(
            Frame.ipv4(17, Frame.udp(1, 4789, Frame.vxlan(7, Frame.ethernet(0x800, Frame.ipv4(1, Frame.ping))))))
        #expect(tunnelled.headers.count == 6)
    }

    private struct Missing: Error {}

    @Test("IP without Ethernet, as on a tunnel of the network layer")
    func rawIP() {
        #expect(Packet(reading: Frame.ipv6(58, Frame.ping6).span, as: .rawIP).headers.count == 2)
        #expect(Packet(reading: Frame.ipv4(1, Frame.ping).span, as: .rawIP).headers.count == 2)
        #expect(Packet(reading: [0x50, 0].span, as: .rawIP).fault == .badVersion(5))
        #expect(Packet(reading: [UInt8]().span, as: .rawIP).fault == .cutShort(.ipv4))
    }

    @Test("a packet before segmentation offload may be longer than its header can say")
    func long() {
        let packet = Packet(
            reading: Frame.ethernet(
                0x800,
                Frame.ipv4(6, Frame.tcp(1, 2, flags: 0x10, [UInt8](repeating: 0, count: 70000)), length: 0)
            ).span)
        #expect(packet.fault == nil && packet.payloadLength == 70000)
    }

    @Test("each frame cut off at each byte ends in a fault or a payload that is there, and is said in words")
    func truncation() {
        for frame in Frame.samples {
            for count in 0..<frame.count {
                let cut = Array(frame[..<count])
                let packet = Packet(reading: cut.span, length: frame.count)
                #expect(packet.payload.upperBound <= count && packet.payload.lowerBound >= 0)
                #expect(!"\(packet)".isEmpty)
            }
            let whole = Packet(reading: frame.span)
            #expect(whole.fault == nil, "\(whole)")
        }
    }

    @Test(
        "headers that contradict themselves end the reading and are told",
        arguments: [
            (Frame.ethernet(0x800, [0x44] + Frame.ipv4(1, Frame.ping).dropFirst()), Fault.badLength(.ipv4)),
            (Frame.ethernet(0x800, Frame.ipv4(1, Frame.ping, length: 19)), .badLength(.ipv4)),
            (Frame.ethernet(0x800, Frame.ipv4(1, Frame.ping, length: 2000)), .badLength(.ipv4)),
            (Frame.ethernet(0x800, [0x4f] + Frame.ipv4(1, [], length: 60).dropFirst()), .cutShort(.ipv4)),
            (Frame.ethernet(0x800, Frame.ipv6(58, Frame.ping6)), .badVersion(6)),
            (Frame.ethernet(0x86dd, Frame.ipv4(1, Frame.ping + Frame.ping)), .badVersion(4)),
            (Frame.ethernet(0x86dd, Frame.ipv6(58, Frame.ping6, length: 65)), .badLength(.ipv6)),
            (Frame.ethernet(0x86dd, Frame.ipv6(0, [58, 200, 0, 0, 0, 0, 0, 0])), .cutShort(.ipv6Extension)),
            (Frame.ethernet(0x800, Frame.ipv4(17, Frame.udp(1, 2, [], length: 7))), .badLength(.udp)),
            (
                Frame.ethernet(
                    0x800, Frame.ipv4(6, Frame.tcp(1, 2, flags: 2).prefix(12) + [0x10, 2, 0, 0, 0, 0, 0, 0])),
                .badLength(.tcp)
            ),
            (Frame.ethernet(0x800, Frame.ipv4(17, Frame.udp(1, 4789, [8, 0, 0]))), .cutShort(.vxlan)),
        ])
    func contradictions(frame: [UInt8], fault: Fault) {
        let padded =
            fault == .cutShort(.ipv4) ? frame : frame + [UInt8](repeating: 0, count: fault == .badLength(.ipv4) ? 8 : 0)
        #expect(Packet(reading: padded.span).fault == fault)
    }

    @Test("tunnels in tunnels end at some depth")
    func depth() {
        var frame = Frame.ipv4(1, [])
        for _ in 0..<2000 { frame = Frame.ipv4(4, frame, length: 0) }
        #expect(Packet(reading: frame.span, as: .rawIP).fault == .tooManyHeaders)
        var chain: [UInt8] = []
        for _ in 0..<500 { chain += [0, 0, 1, 4, 0, 0, 0, 0] }
        #expect(Packet(reading: Frame.ipv6(0, chain).span, as: .rawIP).fault == .tooManyHeaders)
    }

    @Test("options of a segment whose lengths cannot be end at the one that is wrong")
    func options() {
        func options(_ bytes: [UInt8]) -> [TCPOption] {
            let packet = Packet(reading: Frame.ipv4(6, Frame.tcp(1, 2, flags: 2, options: bytes)).span, as: .rawIP)
            guard case .tcp(let tcp)? = packet.headers.last else { return [] }
            return tcp.options
        }
        #expect(options([1, 2, 0, 0]) == [.noOperation, .malformed(kind: 2)])
        #expect(options([1, 1, 1, 8]) == [.noOperation, .noOperation, .noOperation, .malformed(kind: 8)])
        #expect(options([5, 20, 0, 0]) == [.malformed(kind: 5)])
        #expect(options([0, 2, 4, 5]) == [.end])
        #expect(options([5, 4, 0, 0]) == [.other(kind: 5, length: 4)])
    }
}
