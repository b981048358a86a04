import Addresses
import NetworkObjects

/// What `show ip virtual-router` answers: the addresses that the router shares with others, as the kernel has them. Which
/// those are, only the lab's files know.
struct VirtualRouters: RouterAnswer {
    private let macAddress: MACAddress?
    private let rows: [(interface: RouterInterface, address: InterfaceAddress)]

    init(_ tables: RouterTables) {
        macAddress = tables.protocols.virtualMACAddress.flatMap(Argument.macAddress)
        rows = tables.interfaces().flatMap { interface in
            interface.addresses(.ipv4).filter { tables.isVirtual($0, of: interface) }.map {
                (interface, $0.address.address)
            }
        }
    }

    var text: String {
        let head =
            (macAddress.map { "IP virtual router is configured with MAC address: \(dotted($0.description))" }
                ?? "IP virtual router is not configured with MAC address") + "\n"
            + "IP virtual router address subnet routes not enabled\n"
            + "MAC address advertisement interval: 30 seconds\n"
        if rows.isEmpty { return head + "No interface with virtual IP address\n" }
        var columns = Columns(
            .init("Interface", width: 15), .init("Vrf", width: 13), .init("Virtual IP Address", width: 24),
            .init("Protocol", width: 14), .init("State", width: 6))
        for (interface, address) in rows {
            columns.add(
                interface.name.short, "default", "\(address.address)", interface.carries ? "U" : "D",
                interface.carries ? "active" : "inactive")
        }
        return head + "\nProtocol: U - Up, D - Down, T - Testing, UN - Unknown\n"
            + "          NP - Not Present, LLD - Lower Layer Down\n\n" + columns.text
    }

    var json: JSONValue? {
        let values = rows.map { interface, address in
            JSONValue.object([
                "interface": "\(interface.name)", "vrfName": "default",
                "virtualIps": .array([.object(["ip": "\(address.address)", "mask": .integer(address.prefixLength)])]),
                "protocol": interface.carries ? "up" : "down", "state": interface.carries ? "active" : "inactive",
            ])
        }
        let addresses = macAddress.map { ["\($0)"] } ?? []
        return .object([
            "virtualMacs": .array(addresses.map { .object(["macAddress": .string($0), "macType": "varp"]) }),
            "virtualRouters": .array(values), "advertisementInterval": 30,
        ])
    }
}

extension RouterTables {
    /// Whether an address is one that the router shares with others.
    func isVirtual(_ address: ObservedAddress, of interface: RouterInterface) -> Bool {
        protocols.virtualAddresses.contains {
            $0.interface == interface.name.description && $0.address == address.address.address.address
        }
    }
}
