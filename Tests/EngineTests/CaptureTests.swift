import Addresses
import Glibc
import KernelTestSupport
import NetworkNamespaces
import Testing

@Suite("Packets on the wire of a lab", .needsRoot, .timeLimit(.minutes(20)))
struct CaptureTests {
    @Test("a pod's IPv6 ping to another node is VXLAN 4096 on eth1, IPv6 outside and inside, as tshark reads it")
    func vxlan() throws {
        try TestLab.with("dual-stack") { lab in
            let (near, far) = (try lab.pod(on: "dual-stack-worker"), try lab.pod(on: "dual-stack-worker2"))
            let (source, destination) = (try #require(near.addresses.last), try #require(far.addresses.last))
            #expect(source.family == .ipv6 && destination.family == .ipv6)
            let node = lab.pin("dual-stack-worker")
            let fields = [
                "frame.protocols", "ipv6.src", "ipv6.dst", "udp.dstport", "vxlan.vni", "eth.src", "eth.dst",
                "icmpv6.type",
                "ipv6.hlim",
            ]
            // It goes on until tshark has seen enough; when that begins to look is not known.
            let ping = try Witness.Process(
                ["ping", "-6", "-n", "-i", "0.2", "\(destination)"], in: lab.pin(near.name))
            defer { ping.send(SIGKILL) }
            let testimony = try Witness.run(
                [
                    "tshark", "-n", "-Q", "-i", "eth1", "-f", "udp port 4789", "-a", "duration:60", "-c", "3", "-T",
                    "fields",
                ]
                    + fields.flatMap { ["-e", $0] }, in: node)
            // Of three in a row there are a request and its reply.
            let all = testimony.output.split(separator: "\n").filter { $0.hasPrefix("eth:") }
                .map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
            let packets = all.drop { $0[7] != "128" }.prefix(2)
            try #require(packets.count == 2, "\(testimony.output)")

            let (nearNode, farNode) = ("fd00:10:10::11", "fd00:10:10::12")
            // As a real cluster of these node names printed them.
            let (nearEnd, farEnd) = ("66:ee:a7:ef:78:65", "66:52:6a:03:c1:3b")
            let protocols = "eth:ethertype:ipv6:udp:vxlan:eth:ethertype:ipv6:icmpv6:data"
            #expect(packets.map { $0[0] } == [protocols, protocols])
            #expect(packets.map { $0[1] } == ["\(nearNode),\(source)", "\(farNode),\(destination)"])
            #expect(packets.map { $0[2] } == ["\(farNode),\(destination)", "\(nearNode),\(source)"])
            #expect(packets.map { $0[3] } == ["4789", "4789"])
            #expect(packets.map { $0[4] } == ["4096", "4096"])
            #expect(packets.map { $0[5].split(separator: ",").last.map(String.init) } == [nearEnd, farEnd])
            #expect(packets.map { $0[6].split(separator: ",").last.map(String.init) } == [farEnd, nearEnd])
            // Echo request and reply; each node has taken one from the inner hop limit before the wire.
            #expect(packets.map { $0[7] } == ["128", "129"])
            #expect(packets.map { $0[8].split(separator: ",").last.map(String.init) } == ["63", "63"])
        }
    }
}
