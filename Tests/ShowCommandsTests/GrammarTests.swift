import Addresses
import ShowCommands
import Testing

@Suite("Words of a show command")
struct GrammarTests {
    @Test(
        "whole and cut short",
        arguments: [
            ("show vlan", .vlans(nil, isConfigured: false)), ("sh vl", .vlans(nil, isConfigured: false)),
            ("Show  VLAN brief", .vlans(nil, isConfigured: false)),
            ("show vlan 10", .vlans(VLANNumbers("10"), isConfigured: false)),
            ("show mac address-table", .macAddressTable(.init())),
            ("sh mac addr", .macAddressTable(.init())),
            ("sh mac addr vlan 20", .macAddressTable(.init(vlans: VLANNumbers("20")))),
            ("sh ip int br", .interfaceBrief(.ipv4, nil)), ("sh ipv6 int br", .interfaceBrief(.ipv6, nil)),
            ("show ip route", .routes(.ipv4, nil)), ("sh ip ro", .routes(.ipv4, nil)),
            ("show ipv6 route", .routes(.ipv6, nil)), ("show ip route stat", .routes(.ipv4, .source(.static))),
            ("show ip route 10.1.0.0/16", .routes(.ipv4, .towards(Prefix("10.1.0.0/16")!))),
            ("show ip route 1.1.1.1", .routes(.ipv4, .towards(Prefix("1.1.1.1/32")!))),
            ("show ipv6 route fd00::1", .routes(.ipv6, .towards(Prefix("fd00::1/128")!))),
            ("show interface status", .interfaceStatus(nil, nil)),
            ("show interfaces status", .interfaceStatus(nil, nil)),
            ("show arp", .neighbours(.ipv4, .init())), ("show ip arp", .neighbours(.ipv4, .init())),
            ("show ipv6 nei", .neighbours(.ipv6, .init())),
        ] as [(String, ShowCommand.Question)])
    func reads(text: String, command: ShowCommand.Question) throws {
        #expect(try ShowCommand(text).question == command)
    }

    @Test(
        "what stands for no command says why",
        arguments: [
            ("", .incomplete), ("show", .incomplete), ("sh ip", .incomplete),
            ("show mac address-table vlan", .incomplete),
            ("show foo", .unknown), ("configure", .unknown), ("show vlan 4095", .unknown),
            ("show vlan 0", .unknown), ("show ip route fd00::/64", .unknown), ("show ip route 10.0.0.1/8", .unknown),
            ("show vlan 10 20", .unknown), ("sh arp x", .unknown),
        ] as [(String, CommandError.Problem)])
    func refuses(text: String, problem: CommandError.Problem) {
        let error = #expect(throws: CommandError.self) { try ShowCommand(text) }
        #expect(error?.problem == problem)
        #expect(error?.closest.isEmpty == false && error?.description.contains(error?.closest.first ?? "-") == true)
    }

    @Test("words that fit two keywords are told with both, wherever they stand")
    func ambiguous() throws {
        let error = #expect(throws: CommandError.self) { try ShowCommand("sh i i b") }
        #expect(error?.problem == .ambiguous)
        #expect(error?.closest == ["interfaces", "ip", "ipv6"])
        #expect(error?.short == "% Ambiguous command")
        #expect(throws: CommandError.self) { try Grammar.exec.command("t") }
    }

    @Test("interfaces and VLANs, several at once, with a space and without")
    func ranges() throws {
        let four = try #require(InterfaceNames("Ethernet1-3,7"))
        #expect(four.names == ["Ethernet1", "Ethernet2", "Ethernet3", "Ethernet7"])
        #expect(four.short == "Et1-3,7")
        for text in ["show interfaces ethernet 1-3,7 status", "sh int et1-3,7 stat", "show interfaces status Et1-3,7"] {
            #expect(try ShowCommand(text).question == .interfaceStatus(four, nil))
        }
        #expect(InterfaceNames("et1/1-2")?.names == ["Ethernet1/1", "Ethernet1/2"])
        #expect(
            InterfaceNames("et01,po1,1/02-3")?.names == [
                "Ethernet1", "Port-Channel1", "Port-Channel1/2", "Port-Channel1/3",
            ])
        #expect(InterfaceNames("Ethernet1.100")?.names == ["Ethernet1.100"])
        for text in ["et", "et-1", "e1-", "et3-1", "et1,,2", "et+1", "x1", "et99999", "et1-65535", "et1/2/3/4"] {
            #expect(InterfaceNames(text) == nil, "\(text)")
        }
        #expect(VLANNumbers("10,20-22,21")?.text == "10,20-22")
        for text in ["0", "4095", "1-", "-1", "+5", "5-4", ""] { #expect(VLANNumbers(text) == nil, "\(text)") }
        #expect(try ShowCommand("show vlan 10,20").question == .vlans(VLANNumbers("10,20"), isConfigured: false))
    }

    @Test("what is for privileged users says so")
    func privilege() throws {
        let error = #expect(throws: CommandError.self) {
            try Grammar.exec.command("show running-config", privilege: 1)
        }
        #expect(error?.short == "% Invalid input (privileged mode required)")
        #expect(try Grammar.exec.command("configure", privilege: 15) == .configure)
    }

    @Test("every command of the tables can be typed, each of its words is told of, and none says the same twice")
    func tables() throws {
        let modes: [Grammar] =
            [.exec]
            + [
                ConfigurationMode.global, .interfaces(try #require(InterfaceNames("Et1"))),
                .vlans(try #require(VLANNumbers("10"))),
            ].map { Grammar.configuration($0) }
        for grammar in modes {
            for typed in grammar.examples {
                #expect(throws: Never.self, "\(typed)") { try grammar.command(typed) }
            }
            #expect(grammar.wordsWithoutHelp == [])
        }
        #expect(Set(Grammar.exec.syntaxes).count == Grammar.exec.syntaxes.count)
    }

    @Test("what may come next: words with help, values, nothing more")
    func suggestions() throws {
        #expect(Grammar.exec.suggestions(for: "show vl").map(\.word) == ["vlan"])
        #expect(
            Grammar.exec.suggestions(for: "show vlan ").map(\.word) == [
                "<1-4094>", "brief", "configured-ports", "<cr>",
            ])
        #expect(Grammar.exec.suggestions(for: "sho ver").map(\.help) == ["Software and hardware versions"])
        #expect(Grammar.exec.suggestions(for: "show i").map(\.word) == ["interfaces", "ip", "ipv6"])
        #expect(Grammar.exec.suggestions(for: "x").isEmpty)
        let first = Set(Grammar.exec.suggestions(for: "", privilege: 1).map(\.word))
        #expect(first.contains("show") && !first.contains("configure"))
        #expect(Grammar.exec.completion(of: "show vers") == "version ")
        #expect(Grammar.exec.completion(of: "show i") == nil)
        #expect(Grammar.exec.completion(of: "show version ") == nil)
    }

    @Test("what is typed at the router besides show")
    func others() throws {
        #expect(try Grammar.exec.command("en") == .enable)
        #expect(try Grammar.exec.command("conf t") == .configure)
        #expect(try Grammar.exec.command("term len 0") == .terminal(.length(0)))
        #expect(try Grammar.exec.command("terminal width 511") == .terminal(.width(511)))
        guard case .run(let ping) = try Grammar.exec.command("ping 10.0.0.1 source Lo0 repeat 2 size 100") else {
            Issue.record("no program")
            return
        }
        #expect(
            ping.arguments { $0.lowercased() } == [
                "ping", "-4", "-c", "2", "-s", "72", "-I", "loopback0", "--", "10.0.0.1",
            ])
        let orders = [
            "repeat 2 size 100 source 10.0.0.9", "source 10.0.0.9 repeat 2 size 100",
            "size 100 source 10.0.0.9 repeat 2",
        ]
        #expect(Set(try orders.map { try Grammar.exec.command("ping 10.0.0.1 \($0)") }).count == 1)
        #expect(throws: CommandError.self) { try Grammar.exec.command("ping -f") }
        #expect(try Grammar.exec.command("bash ls  -l") == .run(.bash("ls -l")))
        #expect(try Grammar.exec.command("telnet 10.0.0.1 80") == .run(.telnet(host: "10.0.0.1", port: 80)))
    }

    @Test(
        "lines of a configuration",
        arguments: [
            ("interface et1-2", .enterInterfaces(InterfaceNames("Et1-2")!)),
            ("mtu 9000", .interface(.mtu(9000))), ("no shut", .interface(.shutdown(false))),
            ("ip address 10.0.0.1/24", .interface(.address(InterfaceAddress("10.0.0.1/24")!, isSecondary: false))),
            ("switchport trunk allowed vlan add 10,20", .interface(.trunkAllowed(VLANNumbers("10,20")!, .add))),
            (
                "ip route 10.9.0.0/16 10.0.0.1 200",
                .route(
                    Prefix("10.9.0.0/16")!, .gateway(IPAddress("10.0.0.1")!, interface: nil), distance: 200,
                    isRemoved: false)
            ),
            (
                "no ipv6 route ::/0 Ethernet1 fe80::1",
                .route(
                    Prefix("::/0")!, .gateway(IPAddress("fe80::1")!, interface: "Ethernet1"), distance: nil,
                    isRemoved: true)
            ),
            ("ip route 10.9.0.0/16 null0", .route(Prefix("10.9.0.0/16")!, .null, distance: nil, isRemoved: false)),
            ("description to  h1", .interface(.description("to h1"))),
        ] as [(String, Change)])
    func configuration(line: String, change: Change) throws {
        let grammar = Grammar.configuration(.interfaces(InterfaceNames("Et1")!))
        #expect(try grammar.command(line) == .change(change))
    }

    @Test("what is not done is refused by name")
    func refused() throws {
        guard case .refused(let text) = try Grammar.configuration(.global).command("router bgp 65001") else {
            Issue.record("taken")
            return
        }
        #expect(text.hasPrefix("% router bgp: "))
    }
}
