import Addresses
import Topology

extension ContainerlabTopology {
    /// The network that containerlab puts its nodes on (containerlab.dev, "Network wiring concepts", "Management network").
    struct Management: Sendable {
        /// Its name in Docker.
        var name = "clab"
        /// The ranges that are written; `auto` and none are containerlab's own.
        var subnets: [AddressFamily: Located<Prefix>] = [:]
        var gatewayAddresses: [AddressFamily: Located<IPAddress>] = [:]
        var ranges: [AddressFamily: Prefix] = [:]
        var mtu: UInt32?

        init() {}

        /// Reads `mgmt`.
        init(_ field: Field, _ diagnostics: inout Diagnostics) {
            if let name = field["network"].text(&diagnostics) { self.name = name }
            for (family, key) in [(AddressFamily.ipv4, "ipv4"), (.ipv6, "ipv6")] {
                let subnet = field["\(key)-subnet"]
                if subnet.text != "auto", let prefix = Self.prefix(subnet, family, &diagnostics) {
                    subnets[family] = Located(prefix, at: subnet.place)
                }
                if let range = Self.prefix(field["\(key)-range"], family, &diagnostics) { ranges[family] = range }
                let gateway = field["\(key)-gw"]
                if let text = gateway.text(&diagnostics) {
                    if let address = IPAddress(text), address.family == family {
                        gatewayAddresses[family] = Located(address, at: gateway.place)
                    } else {
                        diagnostics.warn(gateway, "\"\(text)\" is not an \(family) address; it is left out")
                    }
                }
            }
            mtu = field["mtu"].number(&diagnostics, "an MTU in bytes", 0...65535).flatMap { $0 >= 68 ? $0 : nil }
        }

        private static func prefix(
            _ field: Field, _ family: AddressFamily, _ diagnostics: inout Diagnostics
        ) -> Prefix? {
            guard let text = field.text(&diagnostics) else { return nil }
            if let prefix = InterfaceAddress(text)?.prefix, prefix.family == family { return prefix }
            diagnostics.warn(field, "\"\(text)\" is not an \(family) range, such as \(usual(family)); it is left out")
            return nil
        }

        /// containerlab's own ranges (`dockerNetIPv4Addr` and `dockerNetIPv6Addr` in core/config.go).
        private static func usual(_ family: AddressFamily) -> Prefix {
            family == .ipv4
                ? Prefix(.v4(IPv4Address(0xac14_1400)), length: 24)
                : Prefix(.v6(IPv6Address(0x3fff_0172_0020_0020 << 64)), length: 64)
        }

        /// The gateway's addresses: those that are written, or the first of each range. Of one range that is written the other
        /// family has none.
        func gateways(_ diagnostics: inout Diagnostics) -> [InterfaceAddress] {
            AddressFamily.allCases.compactMap { family in
                guard let subnet = subnets[family]?.value ?? (subnets.isEmpty ? Self.usual(family) : nil) else {
                    return nil
                }
                if let gateway = gatewayAddresses[family], !subnet.contains(gateway.value) {
                    diagnostics.warn(
                        at: gateway.place, "the gateway \(gateway.value) is not in \(subnet); the first address is")
                } else if let gateway = gatewayAddresses[family]?.value {
                    return InterfaceAddress(gateway, prefixLength: subnet.length)
                }
                return subnet.address(at: 1).map { InterfaceAddress($0, prefixLength: subnet.length) }
            }
        }

        /// The part of a range that nodes get addresses of; nil for all of it.
        func range(_ family: AddressFamily) -> Prefix? { ranges[family] }
    }
}

extension ContainerlabTopology.Node {
    /// Whether containerlab puts it on the management network.
    var isManaged: Bool {
        if ["k8s-kind", "ext-container", "bridge", "host"].contains(kind) { return false }
        guard let mode = networkMode?.value else { return true }
        return mode != "none" && mode != "host" && !mode.hasPrefix("container:")
    }
}
