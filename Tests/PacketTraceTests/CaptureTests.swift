import CLinux
import Foundation
import Glibc
import KernelTestSupport
import NetworkNamespaces
import PacketTrace
import Packets
import System
import Testing

/// What a capture gave, in order.
private struct Recorder: CaptureSink {
    var interfaces: [CapturedInterface] = []
    var packets: [CapturedPacket] = []
    var isOver = false

    mutating func add(_ interface: CapturedInterface) { interfaces.append(interface) }
    mutating func add(_ packet: CapturedPacket) { packets.append(packet) }
    mutating func flush() {}
    mutating func end(_ summary: CaptureSummary) { isOver = true }

    /// The packets as lines, with the interface and direction.
    var lines: [String] {
        packets.map { packet in
            let interface = interfaces[packet.interface]
            let content = Packet(
                reading: Array(packet.bytes).span, length: packet.length, as: interface.linkType)
            return "\(interface.text) \(packet.isOutgoing ? "Out" : "In") \(content)"
        }
    }
}

@Suite("Packets of many namespaces", .needsRoot, .timeLimit(.minutes(20)), .serialized)
struct CaptureTests {
    /// Two namespaces with a cable between them.
    private func withCable(_ body: (TemporaryNamespaces) throws -> Void) throws {
        try TemporaryNamespaces.with("a", "b") { pins in
            try Witness.ip("link add eth0 netns \(pins["a"]) type veth peer name eth1 netns \(pins["b"])")
            for (name, link, address) in [("a", "eth0", "10.77.0.1/24"), ("b", "eth1", "10.77.0.2/24")] {
                // No packets of the kernel's own.
                try Witness.sysctl("net.ipv6.conf.all.disable_ipv6=1", in: pins[name])
                try Witness.ip("link set lo up", in: pins[name])
                try Witness.ip("link set \(link) up", in: pins[name])
                try Witness.ip("addr add \(address) dev \(link)", in: pins[name])
            }
            try eventually("the cable has a carrier") {
                try Witness.run(["ping", "-c", "1", "-W", "1", "10.77.0.2"], in: pins["a"]).status == 0
            }
            try body(pins)
        }
    }

    private func sources(_ pins: TemporaryNamespaces) -> [CaptureSource] {
        ["a", "b"].map { CaptureSource(namespace: $0, pin: pins[$0]) }
    }

    /// Captures while a command runs in a namespace, until there are so many packets.
    private func capture(_ capture: Capture, while command: [String], in pin: String) throws -> (
        Recorder, CaptureSummary
    ) {
        var recorder = Recorder()
        var process: Witness.Process?
        var failure: (any Error)?
        let deadline = MonotonicClock.now + 60_000_000_000
        let summary = try capture.run(into: &recorder) {
            do {
                process = try Witness.Process(command, in: pin)
            } catch {
                failure = error
            }
        } isEnding: {
            MonotonicClock.now > deadline || failure != nil
        }
        if let failure { throw failure }
        _ = try process?.wait()
        return (recorder, summary)
    }

    @Test(
        "a request and its reply are seen at both ends, each way, in order of time, with a ring and without",
        arguments: [8 << 20, 0])
    func bothEnds(memory: Int) throws {
        try withCable { pins in
            let filter = "icmp and icmp[icmptype] != icmp-timxceed"
            let (seen, summary) = try capture(
                Capture(sources(pins), filter: filter, memory: memory, limit: 8),
                while: ["ping", "-c", "2", "-i", "0.2", "10.77.0.2"], in: pins["a"])
            let (request, reply) = (
                "IP 10.77.0.1 > 10.77.0.2: ICMP echo request", "IP 10.77.0.2 > 10.77.0.1: ICMP echo reply"
            )
            let once = ["a:eth0 Out \(request)", "b:eth1 In \(request)", "b:eth1 Out \(reply)", "a:eth0 In \(reply)"]
            #expect(seen.lines.map { String($0.prefix { $0 != "," }) } == once + once)
            #expect(zip(seen.packets, seen.packets.dropFirst()).allSatisfy { $0.time <= $1.time })
            #expect(seen.isOver && summary.packets == 8 && summary.dropped == 0 && summary.unordered == 0)
            #expect(summary.namespaces.map(\.seen) == [4, 4])
            #expect(summary.namespaces.allSatisfy { $0.hasRing == (memory > 0) })
            #expect(seen.interfaces.map(\.text) == ["a:eth0", "b:eth1"])
            #expect(seen.interfaces.allSatisfy { $0.speed == 10_000_000_000 })
            let address = try Witness.json("ip -j link show eth0", in: pins["a"]).first?["address"] as? String
            #expect(seen.interfaces.first?.mac?.map { String(format: "%02x", $0) }.joined(separator: ":") == address)
        }
    }

    @Test(
        "what goes over lo is seen once, and only interfaces that were asked for are looked at",
        arguments: [8 << 20, 0])
    func interfaces(memory: Int) throws {
        try withCable { pins in
            let command = ["ping", "-c", "2", "-i", "0.2", "127.0.0.1"]
            let (seen, _) = try capture(
                Capture([CaptureSource(namespace: "a", pin: pins["a"])], memory: memory, limit: 4), while: command,
                in: pins["a"])
            #expect(
                seen.lines.map { String($0.prefix { $0 != "," }) } == [
                    "a:lo In IP 127.0.0.1 > 127.0.0.1: ICMP echo request",
                    "a:lo In IP 127.0.0.1 > 127.0.0.1: ICMP echo reply",
                    "a:lo In IP 127.0.0.1 > 127.0.0.1: ICMP echo request",
                    "a:lo In IP 127.0.0.1 > 127.0.0.1: ICMP echo reply",
                ])
            let links = try Witness.json("ip -j link", in: pins["b"])
            let index = try #require(links.first { $0["ifname"] as? String == "eth1" }?["ifindex"] as? Int)
            // The number is that of eth1 in b; with a second number of no interface before it and behind it.
            let chosen = CaptureSource(namespace: "b", pin: pins["b"], interfaces: [99, UInt32(index), 98])
            let (both, summary) = try capture(
                Capture([chosen], filter: "icmp", memory: memory, limit: 2),
                while: ["sh", "-c", "ping -c1 127.0.0.1; ping -c1 10.77.0.1"], in: pins["b"])
            #expect(Set(both.interfaces.map(\.text)) == ["b:eth1"] && summary.packets == 2)
        }
    }

    @Test(
        "VLAN tags, which the kernel keeps beside the frame, are in it, and the filter knows them",
        arguments: [8 << 20, 0])
    func tags(memory: Int) throws {
        try withCable { pins in
            // A tagged frame that a program sends as bytes: the kernel that receives it takes the tag off.
            let script = """
                import socket, time
                s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(("eth0", 0))
                f = bytes.fromhex("ffffffffffff020000000001" + "8100a00a" + "88b5") + bytes(46)
                for _ in range(3): s.send(f)
                """
            var recorder = Recorder()
            let chosen = CaptureSource(namespace: "b", pin: pins["b"])
            var output = ""
            let deadline = MonotonicClock.now + 60_000_000_000
            _ = try Capture([chosen], filter: "vlan 10", memory: memory, limit: 3).run(into: &recorder) {
                output = (try? Witness.run(["python3", "-c", script], in: pins["a"]).output) ?? "not run"
            } isEnding: {
                MonotonicClock.now > deadline
            }
            #expect(output == "")
            #expect(
                recorder.lines == Array(repeating: "b:eth1 In vlan 10, p 5, ethertype 0x88b5, length 46", count: 3))
            #expect(recorder.packets.allSatisfy { $0.bytes.count == 64 && $0.length == 64 })
        }
    }

    @Test("a capture ends when its time is over, and when it is asked to, with what came by then")
    func ending() throws {
        try withCable { pins in
            var recorder = Recorder()
            let start = MonotonicClock.now
            let summary = try Capture(sources(pins), duration: .milliseconds(200)).run(into: &recorder) {
                false
            }
            #expect(MonotonicClock.now - start >= 200_000_000 && recorder.isOver && summary.end > summary.start)
            var asked = 0
            _ = try Capture(sources(pins)).run(into: &recorder) {
                asked += 1
                return asked > 2
            }
            #expect(asked == 3)
        }
    }

    @Test("a filter that is none is told in libpcap's words")
    func wrongFilter() throws {
        try withCable { pins in
            var recorder = Recorder()
            #expect {
                try Capture(sources(pins), filter: "udp prot 53").run(into: &recorder) { true }
            } throws: { error in
                guard case FilterError.notAFilter("udp prot 53", let reason) = error else { return false }
                return reason.contains("syntax error")
            }
        }
    }

    @Test("all that the kernel counted is written or dropped, and tshark reads it without a warning")
    func counts() throws {
        try withCable { pins in
            let path = FileManager.default.temporaryDirectory.path + "/\(pins["a"]).pcapng"
            defer { unlink(path) }
            var file = try CaptureFile(
                FileDescriptor(opening: path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600), path: path,
                application: "nslab", comment: "lab x")
            var process: Witness.Process?
            // The smallest rings that there are, and more packets than fit.
            let summary = try Capture(sources(pins), memory: 1 << 19, duration: .seconds(1)).run(into: &file) {
                process = try? Witness.Process(
                    ["ping", "-f", "-q", "-l", "50", "-s", "1400", "-w", "1", "10.77.0.2"], in: pins["a"])
            } isEnding: {
                false
            }
            _ = try process?.wait()
            let seen = summary.namespaces.reduce(0) { $0 + $1.seen }
            #expect(seen > 100 && seen == summary.packets + summary.dropped)
            let information = try Witness.output(["capinfos", "-T", "-r", "-c", path])
            #expect(information.contains("\t\(summary.packets)"), "\(information)")
            let read = try Witness.run(["sh", "-c", "tshark -n -r \(path) >/dev/null"])
            // As root it says so, and nothing else.
            #expect(
                read.status == 0
                    && read.output.split(separator: "\n").allSatisfy { $0.contains("as user \"root\"") },
                "\(read.output)")
        }
    }
}
