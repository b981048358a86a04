import Addresses
import Testing
import Topology

@Suite("Rules of addresses and routes")
struct AddressRuleTests {
    private static let v4 = "24:45 nodes.w1.interfaces.eth1.addresses[0]"
    private static let v6 = "24:59 nodes.w1.interfaces.eth1.addresses[1]"
    private static let route = "26:9 nodes.w1.routes[0]"

    @Test(
        "an interface's address is one that a host can have",
        arguments: [
            WrongLab(
                "10.1.0.12/24", "10.1.0.0/24", v4, "the network address of 10.1.0.0/24; the first host is 10.1.0.1"),
            WrongLab("10.1.0.12/24", "10.1.0.255/24", v4, "the broadcast address of 10.1.0.0/24"),
            WrongLab(
                "10.1.0.12/24", "127.0.0.1/8",
                [(v4, "a loopback address"), (v4, "in no subnet"), (route, "10.1.0.1 is on no subnet")]),
            WrongLab(
                "10.1.0.12/24", "224.0.0.1/24",
                [(v4, "a multicast address"), (v4, "in no subnet"), (route, "10.1.0.1 is on no subnet")]),
            WrongLab("[1.1.1.1/32]", "[0.0.0.1/32]", "13:19 routers.r1.loopbacks.Loopback0[0]", "which names no host"),
            WrongLab(
                "[1.1.1.1/32]", "[255.255.255.255/32]", "13:19 routers.r1.loopbacks.Loopback0[0]", "the broadcast"),
            WrongLab(
                "[1.1.1.1/32]", "[\"::1/128\"]", "13:19 routers.r1.loopbacks.Loopback0[0]", "the loopback address"),
            WrongLab("[1.1.1.1/32]", "[\"::/128\"]", "13:19 routers.r1.loopbacks.Loopback0[0]", "the unspecified"),
            WrongLab("[1.1.1.1/32]", "[ff02::1/128]", "13:19 routers.r1.loopbacks.Loopback0[0]", "a multicast address"),
        ])
    func hosts(lab: WrongLab) { lab.check() }

    @Test("a /31 has two hosts (RFC 3021), and every address of an IPv6 subnet is one")
    func small() {
        let lab = smallLab.with("addresses: [10.3.0.1/24]", as: "addresses: [10.3.0.0/31, \"fd00:3::/64\"]")
        #expect(errors(of: lab).isEmpty)
    }

    @Test(
        "an address is one interface's",
        arguments: [
            WrongLab("10.1.0.12/24", "10.1.0.11/24", v4, "cp's eth1 (nodes.cp.interfaces.eth1.addresses[0])"),
            WrongLab(
                "10.1.0.12/24", "10.1.0.1/24",
                [(v4, "r1's vlan10 (routers.r1.vlans.10.addresses[0])"), (route, "w1's own address")]),
            WrongLab(
                "Loopback0: [1.1.1.1/32]", "Loopback0: [10.1.0.1/32]", "13:19 routers.r1.loopbacks.Loopback0[0]",
                "already an address of r1's vlan10"),
        ])
    func duplicates(lab: WrongLab) { lab.check() }

    @Test("a link-local address may stand on every segment, and once on each")
    func linkLocal() {
        let two = smallLab.with("10.2.0.1/24", as: "10.2.0.1/24, fe80::1/64").with(
            "fd00:1::1/64]", as: "fd00:1::1/64, fe80::1/64]")
        #expect(errors(of: two).isEmpty)
        let same = two.with("fd00:1::12/64", as: "fd00:1::12/64, fe80::1/64")
        #expect(places(of: same) == ["24:74 nodes.w1.interfaces.eth1.addresses[2]"])
    }

    @Test(
        "a node's address is in a subnet of its cable's other side",
        arguments: [
            WrongLab(
                "10.1.0.12/24", "10.9.0.12/24",
                [(v4, "r1's vlan10 has 10.1.0.1/24"), (route, "w1's eth1, which has 10.9.0.0/24")]),
            WrongLab("10.1.0.12/24", "10.1.0.12/25", v4, "write 10.1.0.12/24"),
            WrongLab("fd00:1::12/64", "fd00:3::12/64", v6, "r1's vlan10 has fd00:1::1/64"),
        ])
    func subnets(lab: WrongLab) { lab.check() }

    @Test(
        "subnets of one router do not overlap",
        arguments: [
            WrongLab(
                "20: { addresses: [10.2.0.1/24] }", "20: { addresses: [10.1.0.129/25] }",
                "6:25 routers.r1.vlans.20.addresses[0]", "10.1.0.128/25 overlaps 10.1.0.0/24 of r1's vlan10"),
            WrongLab(
                "addresses: [10.3.0.1/24]", "addresses: [10.0.0.1/8]", "11:27 routers.r1.ports.eth4.addresses[0]",
                "a router cannot tell which way to send"),
        ])
    func overlaps(lab: WrongLab) {
        // A wide subnet overlaps several others; one word on each of them is enough.
        let errors = errors(of: smallLab.with(lab.part, as: lab.wrong))
        #expect(errors.contains { "\($0.line):\($0.column) \($0.path)" == lab.expected[0].place })
        #expect(errors.contains { $0.sentence.contains(lab.expected[0].sentence) })
    }

    @Test(
        "the addresses that a node is known by are its own, one a family",
        arguments: [
            WrongLab(
                "labels: { disk: ssd }", "nodeAddresses: [10.1.0.12, 10.1.0.12]", "22:32 nodes.w1.nodeAddresses[1]",
                "one IPv4 address"),
            WrongLab(
                "labels: { disk: ssd }", "nodeAddresses: [10.1.0.99]",
                [("21:3 nodes.w1", "has no IPv4 address"), ("22:21 nodes.w1.nodeAddresses[0]", "on none of w1's")]),
        ])
    func nodeAddresses(lab: WrongLab) { lab.check() }

    private static let old = "default via 10.1.0.1 dev eth1"
    @Test(
        "a route's next hop is a neighbour",
        arguments: [
            WrongLab(old, "default via 10.9.0.1", route, "on no subnet of w1, which has 10.1.0.0/24"),
            WrongLab(old, "default via fd00:1::1 dev eth9", route, "no interface eth9; did you mean \"eth1\"?"),
            WrongLab(old, "10.0.0.0/8 via fd00:1::1", route, "they have to be of one family"),
            WrongLab(old, "default via 10.1.0.12", route, "w1's own address"),
            WrongLab(old, "default via fe80::1", route, "via fe80::1 dev eth1"),
            WrongLab(old, "10.0.0.0/8 via 224.0.0.1", route, "a multicast address"),
            WrongLab(
                old, "\(old)\n      - 0.0.0.0/0 via 10.1.0.11", "27:9 nodes.w1.routes[1]",
                "another route to 0.0.0.0/0 (routes[0])"),
            WrongLab(
                "10.9.0.0/16 via 10.1.0.11", "10.9.0.0/16 dev eth1", "15:9 routers.r1.routes[0]",
                "eth1 of r1 is a switch port"),
            WrongLab(
                "10.9.0.0/16 via 10.1.0.11", "10.9.0.0/16 via 1.1.1.2", "15:9 routers.r1.routes[0]",
                "which has 10.1.0.0/24, 10.2.0.0/24, 10.3.0.0/24, 10.4.0.0/24"),
        ])
    func routes(lab: WrongLab) { lab.check() }
}
