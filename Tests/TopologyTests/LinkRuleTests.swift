import Testing
import Topology

@Suite("Rules of interfaces, VLANs and cables")
struct LinkRuleTests {
    private static let ports = "eth2: { access: 10 }"
    private static let node = "      eth1: { connect: r1:eth2"

    @Test(
        "interfaces have names that the kernel takes",
        arguments: [
            WrongLab(
                ports, "\(ports)\n      ethernet-no-0016: { access: 10 }", "10:7 routers.r1.ports.ethernet-no-0016",
                "has 16 characters; the kernel takes at most 15"),
            WrongLab(ports, "\(ports)\n      \"eth 5\": { access: 10 }", "10:7 routers.r1.ports.eth 5", "no spaces"),
            WrongLab(ports, "\(ports)\n      eth%d: { access: 10 }", "10:7 routers.r1.ports.eth%d", "none of / : %"),
            WrongLab(ports, "\(ports)\n      a/b: { access: 10 }", "10:7 routers.r1.ports.a/b", "none of / : %"),
            WrongLab(ports, "\(ports)\n      lo: { access: 10 }", "10:7 routers.r1.ports.lo", "the kernel's own"),
            WrongLab(ports, "\(ports)\n      all: { access: 10 }", "10:7 routers.r1.ports.all", "the kernel's own"),
            WrongLab(
                ports, "\(ports)\n      vlan10: { access: 10 }", "10:7 routers.r1.ports.vlan10",
                "the name of a VLAN's own interface"),
            WrongLab(
                "      eth4:", "      ethernet-4-00:", "11:67 routers.r1.ports.ethernet-4-00.subinterfaces.30",
                "\"ethernet-4-00.30\" has 16 characters"),
            WrongLab(
                node, "      an-interface-too-long: { connect: r1:eth2",
                [
                    ("24:7 nodes.w1.interfaces.an-interface-too-long", "has 21 characters"),
                    ("26:9 nodes.w1.routes[0]", "w1 has no interface eth1"),
                ]),
            WrongLab(
                node, "      cali123: { connect: r1:eth2",
                [
                    ("24:7 nodes.w1.interfaces.cali123", "Calico's own"),
                    ("26:9 nodes.w1.routes[0]", "w1 has no interface eth1"),
                ]),
            WrongLab(
                node, "      vxlan-v6.calico: { connect: r1:eth2",
                [
                    ("24:7 nodes.w1.interfaces.vxlan-v6.calico", "Calico's own"),
                    ("26:9 nodes.w1.routes[0]", "w1 has no interface eth1"),
                ]),
        ])
    func names(lab: WrongLab) { lab.check() }

    @Test(
        "VLANs are 1 to 4094, known, and each a port's once",
        arguments: [
            WrongLab(ports, "eth2: { access: 11 }", "9:23 routers.r1.ports.eth2.access", "it has 10, 20"),
            WrongLab("trunk: [10, 20]", "trunk: [10, 11]", "10:27 routers.r1.ports.eth3.trunk[1]", "has no VLAN 11"),
            WrongLab(
                "trunk: [10, 20]", "trunk: [10, 30-40]", "10:27 routers.r1.ports.eth3.trunk[1]",
                "has no VLAN from 30 to 40"),
            WrongLab("native: 20", "native: 21", "10:40 routers.r1.ports.eth3.native", "has no VLAN 21"),
            WrongLab(
                "20: { addr", "4095: { addr",
                [
                    ("6:7 routers.r1.vlans.4095", "VLANs go from 1 to 4094"),
                    ("10:27 routers.r1.ports.eth3.trunk[1]", "has no VLAN 20"),
                    ("10:40 routers.r1.ports.eth3.native", "has no VLAN 20"),
                ]),
            WrongLab("20: { addr", "20: { name: a b, addr", "6:19 routers.r1.vlans.20.name", "none of them a space"),
            WrongLab(
                "{ 30: { vlan: 30, addresses: [10.4.0.1/24] } }", "{ 30: { vlan: 30 }, 31: { vlan: 30 } }",
                "11:88 routers.r1.ports.eth4.subinterfaces.31.vlan", "already eth4.30's"),
        ])
    func vlans(lab: WrongLab) { lab.check() }

    @Test("VLAN 1 is there without being written, and a trunk may name more than the router has")
    func freeVLANs() {
        #expect(errors(of: smallLab.with(Self.ports, as: "eth2: { access: 1 }")).isEmpty)
        #expect(errors(of: smallLab.with("trunk: [10, 20]", as: "trunk: [10, 20-30]")).isEmpty)
    }

    @Test(
        "a cable joins two interfaces that are there and free",
        arguments: [
            WrongLab("connect: r1:eth2", "connect: r1:eth1", "24:24 nodes.w1.interfaces.eth1.connect", "to cp:eth1"),
            WrongLab("connect: r1:eth2", "connect: r2:eth2", "24:24 nodes.w1.interfaces.eth1.connect", "mean \"r1\"?"),
            WrongLab("connect: r1:eth2", "connect: r1:eth9", "24:24 nodes.w1.interfaces.eth1.connect", "no port eth9"),
            WrongLab("connect: r1:eth2", "connect: r1", "24:24 nodes.w1.interfaces.eth1.connect", "say which port"),
            WrongLab("connect: r1:eth2", "connect: w1:eth1", "24:24 nodes.w1.interfaces.eth1.connect", "both ends"),
            WrongLab("connect: r1:eth2", "connect: cp:eth1", "24:24 nodes.w1.interfaces.eth1.connect", "to r1:eth1"),
            WrongLab("connect: r1:eth2, ", "", "24:7 nodes.w1.interfaces.eth1", "has no cable"),
        ])
    func cables(lab: WrongLab) { lab.check() }

    @Test("switches in a loop are an error that names the VLANs; in different VLANs they are none")
    func loops() {
        func lab(_ second: String) -> String {
            """
            lab: x
            routers:
              a: { vlans: { 10: , 20: }, ports: { eth1: { access: 10 }, eth2: { access: \(second) } } }
              b: { vlans: { 10: , 20: }, ports: { eth1: { access: 10 }, eth2: { access: \(second) } } }
            cables:
              - [a:eth1, b:eth1]
              - [a:eth2, b:eth2]
            """
        }
        #expect(places(of: lab("10")) == ["7:5 cables[1]"])
        #expect(sentences(of: lab("10"))[0].contains("closes a loop"))
        #expect(errors(of: lab("20")).isEmpty)
    }

    @Test(
        "MTUs leave room for the families that are there",
        arguments: [
            WrongLab(
                "connect: r1:eth2,", "connect: r1:eth2, mtu: 1279,", "24:38 nodes.w1.interfaces.eth1.mtu",
                "too small for IPv6"),
            WrongLab(
                "connect: r1:eth2", "connect: { to: r1:eth2, mtu: 1000 }", "24:7 nodes.w1.interfaces.eth1.mtu",
                "too small for IPv6"),
            WrongLab("cluster:", "cluster:\n  mtu: 1000", "28:8 cluster.mtu", "too small for IPv6"),
            WrongLab(
                "10: { addr", "10: { mtu: 1000, addr", "5:18 routers.r1.vlans.10.mtu", "which needs 1280 bytes"),
        ])
    func mtus(lab: WrongLab) { lab.check() }
}
