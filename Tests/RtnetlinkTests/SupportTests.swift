import KernelTestSupport
import Netlink
import NetworkObjects
import Testing

@testable import Rtnetlink

@Suite("what the kernel can do", .needsRoot, .timeLimit(.minutes(20)))
struct SupportTests {
    @Test(
        "a kind of link is supported if ip can make one, and asking makes none",
        arguments: ["bridge", "vlan", "ipip", "odd"])
    func kinds(kind: String) async throws {
        try await inNamespace { inside in
            var socket = try RouteSocket(in: inside)
            let supported = try socket.supports(linkKind: kind)
            #expect(try Witness.links() == ["lo"])
            try Witness.ip("link add lower type veth peer far")
            let details = ["vlan": ["id", "7"], "ipip": ["local", "10.9.9.9"]][kind] ?? []
            let made = try Witness.run(
                ["ip", "link", "add"] + (kind == "ipip" ? [] : ["link", "lower"]) + ["name", "x", "type", kind]
                    + details)
            #expect(supported == (made.status == 0), "\(made.output)")
        }
    }

    @Test("bridges filter VLANs if ip can make one that does")
    func filtering() async throws {
        try await inNamespace { inside in
            var socket = try RouteSocket(in: inside)
            try #require(try socket.supports(linkKind: "bridge"))
            let filters = try socket.filtersBridgeVLANs()
            let made = try Witness.run(["ip", "link", "add", "x", "type", "bridge", "vlan_filtering", "1"])
            #expect(filters == (made.status == 0), "\(made.output)")
        }
    }
}
