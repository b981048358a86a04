import Addresses
import NetworkObjects

/// What `show ip interface` and `show ipv6 interface` answer: the interfaces that have addresses of a family, in full.
public struct IPInterfaces: RouterAnswer {
    private let family: AddressFamily
    private let interfaces: [RouterInterface]

    init(_ tables: RouterTables, _ family: AddressFamily, _ names: InterfaceNames?) {
        self.family = family
        interfaces = tables.interfaces(names).filter { interface in
            !interface.mode.hasPrefix("in ") && !interface.addresses(family).isEmpty
        }
    }

    /// The first address of the first interface.
    public var firstAddress: IPAddress? { interfaces.first?.addresses(family).first?.address.address.address }

    var text: String {
        interfaces.map { interface in
            let state = interface.isUp ? interface.carries ? "up" : "down" : "administratively down"
            var lines = [
                "\(interface.name) is \(state), line protocol is \(interface.carries ? "up" : "down") (\(interface.status))"
            ]
            if let description = interface.description, !description.isEmpty {
                lines.append("  Description: \(description)")
            }
            let addresses = interface.addresses(family).map(\.address.address)
            switch family {
            case .ipv4:
                lines.append("  Internet address is \(addresses[0])")
                lines += addresses.dropFirst().map { "  Secondary address is \($0)" }
                lines.append("  Broadcast address is 255.255.255.255")
                lines.append("  IP MTU \(interface.mtu ?? 0) bytes")
            case .ipv6:
                let linkLocal = interface.linkLocal.map { ", link-local is \($0.address.address)" } ?? ""
                lines.append("  IPv6 is enabled\(linkLocal)")
                lines.append("  Global unicast address(es):")
                lines += addresses.map { "    \($0.address), subnet is \($0.prefix)" }
                lines.append("  MTU is \(interface.mtu ?? 0) bytes")
            }
            return lines.map { "\($0)\n" }.joined()
        }.joined()
    }

    var json: JSONValue? {
        .object([
            "interfaces": .named(
                interfaces.map { ($0.name.description, family == .ipv4 ? ipv4($0) : ipv6($0)) })
        ])
    }

    private func ipv4(_ interface: RouterInterface) -> JSONValue {
        let addresses = interface.addresses(.ipv4).map(\.address.address)
        return .object([
            "name": "\(interface.name)", "description": "\(interface.description ?? "")",
            "interfaceStatus": .string(interface.status), "lineProtocolStatus": interface.carries ? "up" : "down",
            "enabled": .boolean(interface.isUp), "vrf": "default", "mtu": .integer(Int(interface.mtu ?? 0)),
            "interfaceAddress": .ipv4Addresses(addresses), "proxyArp": false, "localProxyArp": false,
            "gratuitousArp": false, "urpf": "disable",
        ])
    }

    private func ipv6(_ interface: RouterInterface) -> JSONValue {
        .object([
            "name": "\(interface.name)", "description": "\(interface.description ?? "")",
            "interfaceStatus": .string(interface.status), "lineProtocolStatus": interface.carries ? "up" : "down",
            "state": "enabled", "vrf": "default", "mtu": .integer(Int(interface.mtu ?? 0)), "addrSource": "manual",
            "addresses": .array(interface.addresses(.ipv6).map { .ipv6Address($0, isUp: interface.carries) }),
            "linkLocal": interface.linkLocal.map { .ipv6Address($0, isUp: interface.carries) },
        ])
    }
}

extension JSONValue {
    /// An interface's addresses of IPv4, the primary one first.
    static func ipv4Addresses(_ addresses: [InterfaceAddress]) -> JSONValue {
        func value(_ address: InterfaceAddress) -> JSONValue {
            .object(["address": "\(address.address)", "maskLen": .integer(address.prefixLength)])
        }
        let none = JSONValue.object(["address": "0.0.0.0", "maskLen": 0])
        return .object([
            "primaryIp": addresses.first.map(value) ?? none,
            "secondaryIpsOrderedList": .array(addresses.dropFirst().map(value)),
            "secondaryIps": .named(addresses.dropFirst().map { ("\($0.address)", value($0)) }), "virtualIp": none,
            "virtualSecondaryIps": .named([]), "broadcastAddress": "255.255.255.255", "dhcp": false,
        ])
    }

    /// An address of IPv6 with its state.
    ///
    /// - Parameter isUp: whether its interface is.
    static func ipv6Address(_ address: ObservedAddress, isUp: Bool) -> JSONValue {
        .object([
            "address": "\(address.address.address.address)", "subnet": "\(address.address.address.prefix)",
            "active": .boolean(isUp && !address.isTentative && !address.isDuplicate),
            "dadfailed": .boolean(address.isDuplicate), "leastpref": false,
        ])
    }
}
