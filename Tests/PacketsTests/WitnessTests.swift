import Addresses
import Foundation
import KernelTestSupport
import Packets
import Testing

/// A capture file of the test's own.
private func withFile<Value>(_ bytes: [UInt8], _ body: (String) throws -> Value) throws -> Value {
    let path = FileManager.default.temporaryDirectory.path + "/nslabtest-\(UUID().uuidString).pcapng"
    defer { unlink(path) }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return try body(path)
}

@Suite("Captures, as tcpdump, tshark and capinfos read them", .timeLimit(.minutes(20)))
struct WitnessTests {
    /// The samples as a capture, a packet every nanosecond.
    private func capture() -> [UInt8] {
        var writer = PcapngWriter(application: "nslab")
        let interface = writer.add(.init(name: "worker:eth1", linkType: .ethernet))
        for (index, frame) in Frame.samples.enumerated() {
            writer.add(
                interface: interface, time: 1_700_000_000_000_000_001 + UInt64(index), data: frame[...],
                length: frame.count)
        }
        return writer.take()
    }

    @Test("each sample is said in tcpdump's words")
    func words() throws {
        let output = try withFile(capture()) {
            try Witness.output(["sh", "-c", "tcpdump -n -S -t -r - < \($0) 2>/dev/null"])
        }
        // tcpdump begins a line for what VXLAN carries; nslab has a line a packet.
        // In two places it has one space too many.
        let text = ["vni 4096", "vni 11259375"].reduce(output) { $0.replacing("\($1)\n", with: "\($1): ") }
        let lines = text.replacing("  ", with: " ").split(separator: "\n").map(String.init)
        try #require(lines.count == Frame.samples.count, "\(output)")
        for (line, frame) in zip(lines, Frame.samples) { #expect("\(Packet(reading: frame.span))" == line) }
    }

    @Test("each sample's fields are those that tshark finds, outermost first")
    func fields() throws {
        let names = [
            "ip.src", "ipv6.src", "ip.ttl", "ipv6.hlim", "udp.dstport", "tcp.dstport", "vxlan.vni", "eth.src",
            "icmp.type", "icmpv6.type",
        ]
        let output = try withFile(capture()) { path in
            try Witness.output(
                [
                    "tshark", "-n", "-r", path, "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE", "-T",
                    "fields",
                ]
                    + names.flatMap { ["-e", $0] })
        }
        let lines = output.split(separator: "\n", omittingEmptySubsequences: false).filter { $0.contains("\t") }
        try #require(lines.count == Frame.samples.count, "\(output)")
        for (line, frame) in zip(lines, Frame.samples) {
            let seen = line.split(separator: "\t", omittingEmptySubsequences: false).map {
                $0.split(separator: ",").map(String.init)
            }
            let headers = Packet(reading: frame.span).everyHeader
            func check(_ name: String, _ value: (Header) -> String?) {
                #expect(
                    headers.compactMap(value) == seen[names.firstIndex(of: name)!],
                    "\(name) of \(Packet(reading: frame.span))")
            }
            check("ip.src") { if case .ipv4(let ip) = $0 { "\(ip.source)" } else { nil } }
            check("ipv6.src") { if case .ipv6(let ip) = $0 { "\(ip.source)" } else { nil } }
            check("ip.ttl") { if case .ipv4(let ip) = $0 { "\(ip.ttl)" } else { nil } }
            check("ipv6.hlim") { if case .ipv6(let ip) = $0 { "\(ip.hopLimit)" } else { nil } }
            check("udp.dstport") { if case .udp(let udp) = $0 { "\(udp.destinationPort)" } else { nil } }
            check("tcp.dstport") { if case .tcp(let tcp) = $0 { "\(tcp.destinationPort)" } else { nil } }
            check("vxlan.vni") { if case .vxlan(let vxlan) = $0 { "\(vxlan.vni)" } else { nil } }
            check("eth.src") { if case .ethernet(let link) = $0 { "\(link.source)" } else { nil } }
            check("icmp.type") { if case .icmp(let message) = $0 { "\(message.type)" } else { nil } }
            check("icmpv6.type") { if case .icmpv6(let message) = $0 { "\(message.type)" } else { nil } }
        }
    }

    @Test("interfaces, names, comments, directions, times and counts are what tshark and capinfos read")
    func blocks() throws {
        var writer = PcapngWriter(application: "nslab 0.1.0", comment: "lab tiny")
        let first = writer.add(
            .init(
                name: "worker:eth1", linkType: .ethernet, mac: MACAddress("02:00:00:00:00:01"),
                speed: 10_000_000_000, filter: "udp port 4789"))
        let second = writer.add(.init(name: "worker:tunl0", linkType: .rawIP))
        #expect(first == 0 && second == 1 && writer.interfaceCount == 2)
        writer.add(names: [
            (IPAddress("10.0.0.1")!, "worker"), (IPAddress("fd00::1")!, "worker"), (IPAddress("10.0.0.9")!, ""),
        ])
        let frame = Frame.ethernet(0x800, Frame.ipv4(17, Frame.udp(3000, 9999, [1, 2, 3])))
        let start: UInt64 = 1_700_000_000_123_456_789
        writer.add(
            interface: first, time: start, data: frame[...], length: frame.count, direction: .outbound,
            comment: "a probe’s")
        writer.add(
            interface: second, time: start + 1, data: Frame.ipv6(58, Frame.ping6)[...].prefix(60), length: 104,
            direction: .inbound)
        writer.add(
            .init(start: start, end: start + 9, delivered: 1, dropped: 7, comment: "all of worker"), interface: first)
        writer.add(.init(start: start, end: start + 9, delivered: 1, dropped: nil), interface: second)
        try withFile(writer.take()) { path in
            let information = try Witness.output(["capinfos", path])
            for line in [
                "Number of packets:   2", "Packet size limit:   inferred: 60 bytes",
                "File timestamp precision:  nanoseconds (9)",
                "Number of interfaces in file: 2", "Name = worker:eth1", "Name = worker:tunl0",
                "Speed = 10000000000", "Filter string = udp port 4789", "Capture application: nslab 0.1.0",
                "Capture comment:     lab tiny", "Number of stat entries = 1", "Encapsulation = Raw IP",
            ] {
                #expect(information.contains(line), "\(line)\n\(information)")
            }
            let fields = [
                "frame.interface_name", "frame.time_epoch", "frame.comment", "frame.packet_flags_direction",
                "frame.len",
                "frame.cap_len", "ip.src_host",
            ]
            let output = try Witness.output(
                ["tshark", "-N", "n", "-r", path, "-T", "fields"] + fields.flatMap { ["-e", $0] })
            #expect(
                output.split(separator: "\n").filter { $0.contains("\t") }.map(String.init) == [
                    "worker:eth1\t1700000000.123456789\ta probe’s\t0x00000002\t45\t45\tworker",
                    "worker:tunl0\t1700000000.123456790\t\t0x00000001\t104\t60\t",
                ])
        }
    }
}

extension Packet {
    /// The headers, with those of a packet that an error quotes behind it.
    fileprivate var everyHeader: [Header] {
        headers.flatMap { header in
            switch header {
            case .icmp(let message): [header] + (message.quoted?.packet.everyHeader ?? [])
            case .icmpv6(let message): [header] + (message.quoted?.packet.everyHeader ?? [])
            default: [header]
            }
        }
    }
}
