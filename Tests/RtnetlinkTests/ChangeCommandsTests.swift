import Addresses
import NetworkObjects
import Testing

@Suite("What changed, in the commands of other tools")
struct ChangeCommandsTests {
    private func lines(
        _ before: (any NetworkObject)?, _ after: (any NetworkObject)?, _ attributes: [AttributeDifference] = []
    ) -> [String] {
        ChangeCommands(from: before.map(KernelObject.init), to: after.map(KernelObject.init), attributes).lines
    }

    @Test("settings, also those of a device with a dot in its name")
    func settings() {
        #expect(
            lines(Sysctl("ipv4/tcp_ecn", "2"), Sysctl("ipv4/tcp_ecn", "0")) == ["sysctl -w net.ipv4.tcp_ecn='0'"])
        let path = "ipv4/conf/eth1.10/rp_filter"
        #expect(lines(Sysctl(path, "0"), Sysctl(path, "1")) == ["sysctl -w net/ipv4/conf/eth1.10/rp_filter='1'"])
    }

    @Test("links and what is on them")
    func links() {
        let link = Link("eth1", .veth(peer: nil), mtu: 1500)
        #expect(
            lines(link, link, [AttributeDifference(.mtu, wanted: "1400", found: "1500")])
                == ["ip link set dev eth1 mtu 1400"])
        #expect(
            lines(nil, Link("br7", .bridge(Bridge()), isUp: false)) == ["ip link add br7 type bridge"])
        #expect(lines(link, nil) == ["ip link delete dev eth1"])
        let on = DriverSetting("eth1", .feature, "rx-gro", 1)
        #expect(lines(DriverSetting("eth1", .feature, "rx-gro", 0), on) == ["ethtool -K eth1 rx-gro on"])
    }

    @Test("addresses, routes, neighbours and rules come and go")
    func objects() {
        let route = Route(Prefix("9.9.9.0/24")!, via: IPAddress("10.0.0.1"), device: "eth1")
        #expect(lines(nil, route) == ["ip route add 9.9.9.0/24 via 10.0.0.1 dev eth1"])
        #expect(lines(route, nil) == ["ip route delete 9.9.9.0/24 via 10.0.0.1 dev eth1"])
        let address = DeviceAddress("eth1", InterfaceAddress("10.0.0.2/24")!)
        #expect(lines(nil, address) == ["ip address add 10.0.0.2/24 dev eth1"])
        let missing = AttributeDifference(AttributeName("route 10.0.0.0/24"), wanted: nil, found: "proto kernel")
        #expect(lines(address, address, [missing]) == ["ip route delete 10.0.0.0/24 dev eth1"])
        let back = AttributeDifference(AttributeName("route 10.0.0.0/24"), wanted: "proto kernel", found: nil)
        #expect(
            lines(address, address, [back])
                == ["ip route add 10.0.0.0/24 dev eth1 proto kernel scope link src 10.0.0.2"])
    }

    @Test("what IPsec does where no policy is goes back to what it does in a namespace that is new")
    func ipsec() {
        func object(_ kind: String, _ words: String) -> OpaqueObject { OpaqueObject(kind, words, removal: nil) }
        let verdicts = object("xfrm default", "in block fwd accept out accept")
        #expect(lines(nil, verdicts) == ["ip xfrm policy setdefault in block fwd accept out accept"])
        #expect(lines(verdicts, nil) == ["ip xfrm policy setdefault in accept fwd accept out accept"])
        let thresholds = object("xfrm threshold", "hthresh4 24 24")
        #expect(lines(nil, thresholds) == ["ip xfrm policy set hthresh4 24 24"])
        #expect(lines(thresholds, nil) == ["ip xfrm policy set hthresh4 32 32 hthresh6 128 128"])
    }
}
