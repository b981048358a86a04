import Addresses
import Blueprint
import NetworkObjects

/// What the kernel makes by itself. Pure.
enum KernelMadeObjects {
    /// What of the objects that the kernel makes by itself is not there: the routes that go with addresses, the addresses of `lo`, and
    /// each link's own.
    ///
    /// The kernel makes such routes again with their address, and such addresses with their link.
    static func missing(_ links: [InterfaceName: ObservedLink], in context: ObservationContext) -> [ObjectFinding] {
        let (wanted, addresses, details) = (context.wanted, context.addresses, context.details)
        let groups = context.groups
        /// The group by which neighbours ask for an address, where the link is not in it: it enters it with the address alone.
        func missingGroup(_ address: IPAddress, on link: ObservedLink) -> IPv6Address? {
            guard case .v6(let ip) = address, link.link.isUp, link.link.kind != .loopback,
                details[link.index]?.resolvesNeighbours == true, let joined = groups[link.index],
                !joined.contains(ip.solicitedNodeGroup)
            else { return nil }
            return ip.solicitedNodeGroup
        }
        func isMissing(_ group: IPv6Address) -> AttributeDifference {
            AttributeDifference(AttributeName("group \(group)"), wanted: "joined", found: nil)
        }
        let present = Set(addresses.map(\.address.identity))
        let made = Set(context.routes.map(KernelMadeRoute.init))
        var findings: [ObjectFinding] = []
        let loopback = DeviceAddress("lo", InterfaceAddress(.v4(.loopback), prefixLength: 8), scope: .host)
        for address in [loopback] + wanted.addresses where present.contains(address.identity) {
            // Without a carrier some are not there, and others come after it.
            guard let link = links[address.device], link.link.isUp, link.hasCarrier else { continue }
            let missing = address.kernelMadeRoutes.filter { !made.contains($0) }
            let group = missingGroup(address.address.address, on: link)
            if missing.isEmpty && group == nil { continue }
            let object = KernelObject(address)
            findings.append(
                .different(
                    object, found: object,
                    missing.map {
                        AttributeDifference(AttributeName("route \($0)"), wanted: "proto kernel", found: nil)
                    } + (group.map { [isMissing($0)] } ?? [])))
        }
        for link in wanted.links {
            guard let observed = links[link.name], observed.link.isUp else { continue }
            let own = addresses.filter { $0.address.device == link.name }
            var missing: [AttributeDifference] = []
            func want(_ address: IPAddress, length: Int) {
                if own.contains(where: { $0.address.address.address == address }) { return }
                missing.append(AttributeDifference(.ownAddress, wanted: "\(address)/\(length)", found: nil))
            }
            if link.kind == .loopback {
                want(.v4(.loopback), length: 8)
                if details[observed.index]?.usesIPv6 == true { want(.v6(IPv6Address(1)), length: 128) }
            } else if observed.operationalState == .up, link.master == nil, let mac = link.mac {
                // One that gets none from the kernel has none.
                if details[observed.index]?.hasAddressOfMAC == true {
                    want(.v6(mac.linkLocalAddress), length: 64)
                    if missing.isEmpty, let group = missingGroup(.v6(mac.linkLocalAddress), on: observed) {
                        missing.append(isMissing(group))
                    }
                    // One that it made of another MAC address.
                    for other in own where other.isKernelMade && other.address.address.address.isLinkLocalIPv6 {
                        let found = other.address.address
                        if found.address == .v6(mac.linkLocalAddress) { continue }
                        missing.append(AttributeDifference(.ownAddress, wanted: nil, found: "\(found)"))
                    }
                }
            }
            let object = KernelObject(link)
            if missing.isEmpty { continue }
            findings.append(.different(object, found: object, missing))
        }
        return findings
    }
}

extension IPv4Address {
    fileprivate static let loopback = IPv4Address(0x7f00_0001)
}

extension IPv6Address {
    /// The group that it is asked for by (RFC 4291, 2.7.1).
    fileprivate var solicitedNodeGroup: IPv6Address {
        IPv6Address((0xff02 as UInt128) << 112 | 0x1_ff00_0000 | value & 0xff_ffff)
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
        guard peer == nil, !flags.contains(.noPrefixRoute), address.prefixLength < address.family.bits else {
            return routes
        }
        // The whole subnet of `lo` is the host's own.
        let subnet = Prefix(address.address, length: address.prefixLength)
        routes.append(
            device == "lo"
                ? KernelMadeRoute(.local, subnet, device, table: Self.localTable)
                : KernelMadeRoute(.unicast, subnet, device, table: Route.mainTable))
        if address.family == .ipv4, address.prefixLength < 31 {
            let last = Prefix(subnet.lastAddress, length: 32)
            routes.append(KernelMadeRoute(.broadcast, last, device, table: Self.localTable))
        }
        return routes
    }
}
