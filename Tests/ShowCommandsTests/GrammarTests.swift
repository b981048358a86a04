import Addresses
import ShowCommands
import Testing

@Suite("Words of a show command")
struct GrammarTests {
    @Test(
        "whole and cut short",
        arguments: [
            ("show vlan", .vlans(nil)), ("sh vl", .vlans(nil)), ("Show  VLAN brief", .vlans(nil)),
            ("show vlan 10", .vlans(10)), ("show mac address-table", .macAddressTable(vlan: nil)),
            ("sh mac addr", .macAddressTable(vlan: nil)), ("sh mac addr vlan 20", .macAddressTable(vlan: 20)),
            ("sh ip int br", .interfaceBrief(.ipv4)), ("sh ipv6 int br", .interfaceBrief(.ipv6)),
            ("show ip route", .routes(.ipv4, nil)), ("sh ip ro", .routes(.ipv4, nil)),
            ("show ipv6 route", .routes(.ipv6, nil)), ("show ip route stat", .routes(.ipv4, .source(.static))),
            ("show ip route 10.1.0.0/16", .routes(.ipv4, .towards(Prefix("10.1.0.0/16")!))),
            ("show ip route 1.1.1.1", .routes(.ipv4, .towards(Prefix("1.1.1.1/32")!))),
            ("show ipv6 route fd00::1", .routes(.ipv6, .towards(Prefix("fd00::1/128")!))),
            ("show interface status", .interfaceStatus), ("show interfaces status", .interfaceStatus),
            ("show arp", .neighbours(.ipv4)), ("show ip arp", .neighbours(.ipv4)),
            ("show ipv6 nei", .neighbours(.ipv6)),
        ] as [(String, ShowCommand)])
    func reads(text: String, command: ShowCommand) throws {
        #expect(try ShowCommand(text) == command)
    }

    @Test(
        "what stands for no command says why",
        arguments: [
            ("", .incomplete), ("show", .incomplete), ("sh ip", .incomplete),
            ("show mac address-table vlan", .incomplete),
            ("show running-config", .unknown), ("configure", .unknown), ("show vlan 4095", .unknown),
            ("show vlan 0", .unknown), ("show ip route fd00::/64", .unknown), ("show ip route 10.0.0.1/8", .unknown),
            ("show vlan 10 20", .unknown), ("sh arp x", .unknown),
        ] as [(String, ShowCommandError.Problem)])
    func refuses(text: String, problem: ShowCommandError.Problem) {
        let error = #expect(throws: ShowCommandError.self) { try ShowCommand(text) }
        #expect(error?.problem == problem)
        #expect(error?.closest.isEmpty == false && error?.description.contains(error?.closest.first ?? "-") == true)
    }

    @Test("words that fit two commands are told with both")
    func ambiguous() throws {
        let error = #expect(throws: ShowCommandError.self) { try ShowCommand("sh i i b") }
        #expect(error?.problem == .ambiguous)
        #expect(error?.closest == ["show ip interface brief", "show ipv6 interface brief"])
        #expect(error?.short == "% Ambiguous command")
    }

    @Test("every command that help names is one")
    func help() throws {
        for text in ShowCommand.all {
            let family = text.contains("ipv6") ? "fd00::/64" : "10.0.0.0/8"
            let typed = text.replacing("PREFIX", with: family).replacing("VLAN", with: "10")
            #expect(throws: Never.self) { try ShowCommand(typed) }
        }
    }
}
