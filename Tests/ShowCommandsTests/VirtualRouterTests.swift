import Addresses
import NetworkObjects
import ShowCommands
import Testing

@Suite("Addresses that routers share")
struct VirtualRouterTests {
    private static func tables(_ lines: [String], isUp: Bool = true) -> RouterTables {
        let device: InterfaceName = "vlan10"
        var tables = RouterTables(links: [
            ObservedLink(
                index: 2, link: Link(device, .vlan(VLAN(parent: "eth1", id: 10)), mtu: 1500, isUp: isUp),
                operationalState: isUp ? .up : .down, hasCarrier: isUp)
        ])
        tables.routedVLANs = [10]
        for address in ["10.10.10.2/24", "10.10.10.1/24"] {
            tables.addresses.append(ObservedAddress(DeviceAddress(device, InterfaceAddress(address)!)))
        }
        tables.protocols = RoutingProtocols(lines: lines)
        return tables
    }

    private static let shared = [
        "ip virtual-router mac-address 00:1c:73:00:00:99", "interface Vlan10",
        "   ip virtual-router address 10.10.10.1", "interface Vlan20", "   ip virtual-router address 10.20.0.1",
    ]

    @Test("those that the kernel has, with the state of their interface")
    func shared() throws {
        let command = try ShowCommand("show ip virtual-router vrf default")
        let text = ShowAnswer(command, Self.tables(Self.shared)).text
        #expect(text.hasPrefix("IP virtual router is configured with MAC address: 001c.7300.0099\n"))
        #expect(
            text.hasSuffix(
                "Vl10            default       10.10.10.1               U              active\n"), "\(text)")
        let down = ShowAnswer(command, Self.tables(Self.shared, isUp: false)).text
        #expect(down.contains("10.10.10.1               D"), "\(down)")
    }

    @Test("none")
    func none() throws {
        let text = ShowAnswer(try ShowCommand("show ip virtual-router"), Self.tables([])).text
        #expect(text.hasSuffix("No interface with virtual IP address\n"))
    }

    @Test("the configuration has them once, in the words that they were written in")
    func configuration() throws {
        let text = ShowAnswer(try ShowCommand("show running-config"), Self.tables(Self.shared)).text
        #expect(
            text.contains(
                "interface Vlan10\n   ip address 10.10.10.2/24\n   ip virtual-router address 10.10.10.1\n"), "\(text)")
        #expect(text.contains("!\nip virtual-router mac-address 00:1c:73:00:00:99\n"))
    }
}
