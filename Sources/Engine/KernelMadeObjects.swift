import Addresses
import Blueprint
import NetworkNamespaces
import NetworkObjects
import Rtnetlink

extension Session {
    /// What of the objects that the kernel makes by itself is not there: the routes that go with addresses, the addresses of `lo`, and
    /// each link's own.
    ///
    /// The kernel makes such routes again with their address, and such addresses with their link.
    func missingKernelMade(
        _ wanted: NamespaceContent, _ links: [InterfaceName: ObservedLink], in inside: borrowing InsideNamespace
    ) throws -> [ObjectFinding] {
        let table = interfaces
        let (addresses, routes) = try withSocket { socket in
            (try socket.observedAddresses(in: table).map(\.address), try socket.routes(in: table))
        }
        let present = Set(addresses.map(\.identity))
        let made = Set(routes.map(KernelMadeRoute.init))
        var findings: [ObjectFinding] = []
        for address in wanted.addresses where present.contains(address.identity) {
            // Without a carrier some are not there, and others come after it.
            guard let link = links[address.device], link.link.isUp, link.hasCarrier else { continue }
            let missing = address.kernelMadeRoutes.filter { !made.contains($0) }
            if missing.isEmpty { continue }
            let object = KernelObject(address)
            findings.append(
                .different(
                    object, found: object,
                    missing.map {
                        AttributeDifference(AttributeName("route \($0)"), wanted: "proto kernel", found: nil)
                    }))
        }
        for link in wanted.links {
            guard let observed = links[link.name], observed.link.isUp else { continue }
            let own = addresses.filter { $0.device == link.name }.map(\.address.address)
            var missing: [String] = []
            if link.kind == .loopback {
                if !own.contains(.v4(IPv4Address(0x7f00_0001))) { missing.append("127.0.0.1/8") }
                if inside.hasIPv6(link.name), !own.contains(.v6(IPv6Address(1))) { missing.append("::1/128") }
            } else if observed.operationalState == .up, link.master == nil, !own.contains(where: \.isLinkLocalIPv6) {
                // One that gets none from the kernel has none.
                let mode = try? inside.sysctl("ipv6/conf/\(link.name)/addr_gen_mode")
                if mode == "0", inside.hasIPv6(link.name) { missing.append("fe80::/64") }
            }
            let object = KernelObject(link)
            if missing.isEmpty { continue }
            findings.append(
                .different(
                    object, found: object,
                    missing.map {
                        AttributeDifference(.ownAddress, wanted: $0, found: nil)
                    }))
        }
        return findings
    }
}

extension InsideNamespace {
    /// Whether a link has IPv6.
    fileprivate func hasIPv6(_ link: InterfaceName) -> Bool {
        // A kernel without IPv6 has no such file, nor has a link whose MTU is too small for it.
        (try? sysctl("ipv6/conf/\(link)/disable_ipv6")) == "0"
    }
}

extension IPAddress {
    fileprivate var isLinkLocalIPv6: Bool { family == .ipv6 && isLinkLocal }
}

/// A route that the kernel makes of an address, by what tells it from others.
private struct KernelMadeRoute: Hashable, CustomStringConvertible {
    var kind: Route.Kind
    var destination: Prefix
    var device: InterfaceName?
    var table: UInt32

    init(_ kind: Route.Kind, _ destination: Prefix, _ device: InterfaceName?, table: UInt32) {
        (self.kind, self.destination, self.device, self.table) = (kind, destination, device, table)
    }

    init(_ route: Route) {
        self.init(route.kind, route.destination, route.device, table: route.table)
    }

    var description: String {
        (kind == .unicast ? "" : "\(kind) ") + "\(destination)" + (table == Route.mainTable ? "" : " table \(table)")
    }
}

extension DeviceAddress {
    /// The table of the addresses that packets stay for (`RT_TABLE_LOCAL`).
    private static let localTable: UInt32 = 255

    /// `fib_add_ifaddr` in net/ipv4/fib_frontend.c, `inet6_addr_add` in net/ipv6/addrconf.c.
    fileprivate var kernelMadeRoutes: [KernelMadeRoute] {
        let own = Prefix(address.address, length: address.family.bits)
        var routes = [KernelMadeRoute(.local, own, device, table: Self.localTable)]
        if peer == nil, !flags.contains(.noPrefixRoute), address.prefixLength < address.family.bits {
            let subnet = Prefix(address.address, length: address.prefixLength)
            routes.append(KernelMadeRoute(.unicast, subnet, device, table: Route.mainTable))
        }
        return routes
    }
}
