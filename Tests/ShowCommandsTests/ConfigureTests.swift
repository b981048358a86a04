import Addresses
import NetworkObjects
import ShowCommands
import Testing
import Topology

@Suite("Lines of configuration make a router another one")
struct ConfigureTests {
    private static var router: Router {
        var router = Router(name: "r", vlans: [Router.VLANSegment(id: 10, name: "USERS")])
        router.ports = [
            Router.Port(name: "eth1", mode: .access(vlan: 10)),
            Router.Port(
                name: "eth2",
                mode: .routed(
                    addresses: [InterfaceAddress("10.0.2.1/24")!],
                    subinterfaces: [.init(number: 5, vlan: 5, addresses: [])])),
        ]
        for name in ["eth3", "eth4"] {
            var member = Router.Port(
                name: name, mode: .trunk(allowed: [10...20], native: nil), isShutdown: name == "eth4")
            member.channel = 1
            router.ports.append(member)
        }
        return router
    }

    /// The router after lines that are typed from `(config)#` on.
    private func configured(_ lines: String, _ router: Router = Self.router) throws -> Router {
        var (router, mode) = (router, ConfigurationMode.global)
        for line in lines.split(separator: "\n") {
            guard case .change(let change) = try Grammar.configuration(mode).command(line) else {
                Issue.record("\(line) is no change")
                continue
            }
            _ = try router.make(change, in: mode)
            switch change {
            case .enterInterfaces(let names): mode = .interfaces(names)
            case .enterVLANs(let numbers): mode = .vlans(numbers)
            default: break
            }
        }
        return router
    }

    @Test("ports: VLANs, trunks, and back")
    func ports() throws {
        #expect(try configured("interface Et1\nswitchport access vlan 20").ports[0].mode == .access(vlan: 20))
        // The VLAN comes with its first port.
        #expect(try configured("interface Et1\nswitchport access vlan 20").vlans.map(\.id) == [10, 20])
        let trunk =
            "interface Et1\nswitchport mode trunk\nswitchport trunk allowed vlan 10,20-22\nswitchport trunk allowed vlan remove 21"
        #expect(try configured(trunk).ports[0].mode == .trunk(allowed: [10...10, 20...20, 22...22], native: 1))
        #expect(
            try configured(trunk + "\nswitchport trunk native vlan 10\nno switchport mode").ports[0].mode
                == .access(vlan: 10))
        #expect(
            try configured("interface Et1\nno switchport\nip address 10.9.0.1/24").ports[0].mode
                == .routed(addresses: [InterfaceAddress("10.9.0.1/24")!], subinterfaces: []))
    }

    @Test("addresses: the first one is replaced, secondary ones stand beside it")
    func addresses() throws {
        func addresses(_ lines: String) throws -> [String] {
            guard case .routed(let addresses, _) = try configured("interface Ethernet2\n\(lines)").ports[1].mode else {
                return []
            }
            return addresses.map { "\($0)" }
        }
        #expect(try addresses("ip address 10.0.3.1/24") == ["10.0.3.1/24"])
        #expect(try addresses("ip address 10.0.3.1/24 secondary") == ["10.0.2.1/24", "10.0.3.1/24"])
        #expect(try addresses("ipv6 address fd00::1/64\nno ip address") == ["fd00::1/64"])
        #expect(try addresses("no ip address 10.0.2.1/24") == [])
        let svi = try configured("interface Vlan30\nip address 10.0.30.1/24\ndescription lab\nshutdown")
        #expect(svi.vlans.last?.id == 30 && svi.vlans.last?.isShutdown == true && svi.vlans.last?.description == "lab")
        let loopback = try configured("interface Loopback5\nip address 5.5.5.5/32")
        #expect(loopback.loopbacks.map(\.name) == ["Loopback5"])
        #expect(try configured("no interface Loopback5", loopback).loopbacks.isEmpty)
    }

    @Test("a port channel stands for its ports; its spare ones stay as they are")
    func channels() throws {
        let router = try configured(
            "interface Port-Channel1\ndescription to sw2\nmtu 9000\nswitchport trunk allowed vlan 10")
        #expect(router.channels == [Router.Channel(number: 1, description: "to sw2")])
        #expect(router.ports[2...].map(\.mtu) == [9000, 9000])
        #expect(router.ports[2...].allSatisfy { $0.mode == .trunk(allowed: [10...10], native: nil) })
        let shut = try configured("interface Po1\nshutdown\nno shutdown")
        #expect(shut.ports[2...].map(\.isShutdown) == [false, true])
    }

    @Test("routes, VLANs, the host name, routing")
    func others() throws {
        let router = try configured(
            "ip route 10.9.0.0/16 10.0.2.9\nip route 10.9.0.0/16 Ethernet2 200\nipv6 route ::/0 Null0\nhostname core\nno ip routing"
        )
        #expect(
            router.routes.map(\.target) == [
                .gateway(IPAddress("10.0.2.9")!, interface: nil), .interface("eth2"), .blackhole,
            ])
        #expect(router.routes.map(\.metric) == [nil, 200, nil])
        #expect(router.hostname == "core" && router.forwards == [.ipv6])
        #expect(try configured("no ip route 10.9.0.0/16", router).routes.count == 1)
        #expect(try configured("no ip route 10.9.0.0/16 Et2", router).routes.count == 2)
        // What a protocol brings is not taken back by hand.
        var learned = Self.router
        learned.routes = [StaticRoute(Prefix("10.9.0.0/16")!, .blackhole)]
        learned.routes[0].source = .externalBGP
        #expect(try configured("no ip route 10.9.0.0/16", learned).routes.count == 1)
        #expect(try configured("vlan 30-31\nname LAB").vlans.map(\.name) == ["USERS", "LAB", "LAB"])
        #expect(try configured("no vlan 10").vlans.isEmpty)
    }

    @Test(
        "what cannot be is refused with the reason",
        arguments: [
            ("interface Ethernet9", "no such interface"), ("interface Ethernet3", "is in Port-Channel1"),
            ("interface Et1\nip address 10.0.0.1/24", "no switchport comes first"),
            ("interface Et2\nswitchport access vlan 10", "is no access port"),
            ("interface Et1\nswitchport trunk allowed vlan 10", "is no trunk"),
            ("interface Lo0\nmtu 9000", "has no such setting"), ("no interface Et1", "goes with its cable"),
            ("ip route 10.0.0.0/8 Ethernet9", "no such interface"),
        ])
    func refuses(lines: String, reason: String) {
        let error = #expect(throws: ChangeError.self) { try configured(lines) }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }
}
