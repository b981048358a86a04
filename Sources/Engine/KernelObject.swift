import Addresses
import Blueprint
import NetworkObjects

/// One object of a namespace, of any kind: what makes it the same object, and what of it may differ.
enum KernelObject: Hashable, Sendable {
    case link(Link)
    case bridgeVLAN(BridgeVLAN)
    case setting(Sysctl)
    case address(DeviceAddress)
    case route(Route)
    case rule(RoutingRule)
    case neighbour(Neighbour)
    case forwarding(ForwardingEntry)
    case qdisc(Qdisc)
    case table(RuleTable)

    /// The kinds in the one order that the kernel takes them: each after those that it stands on. They are made in this order
    /// and removed in the opposite one.
    enum Kind: String, CaseIterable, Comparable, Sendable {
        case link
        case bridgeVLAN = "bridge vlan"
        case setting = "sysctl"
        case address, route, rule, neighbour
        case forwarding = "fdb"
        case qdisc, table

        static func < (one: Kind, other: Kind) -> Bool { one.position < other.position }

        private var position: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    /// What makes it the same object, whatever else of it is changed.
    enum Identity: Hashable, Sendable {
        case link(InterfaceName)
        case bridgeVLAN(InterfaceName, UInt16)
        case setting(String)
        case address(InterfaceName, IPAddress)
        case route(table: UInt32, Prefix, metric: UInt32)
        /// A rule has nothing that could be changed.
        case rule(RoutingRule)
        case neighbour(InterfaceName, IPAddress)
        /// A MAC address that stands for several hosts may have several destinations.
        case forwarding(InterfaceName, MACAddress, vlan: UInt16?, isSelf: Bool, destination: IPAddress?)
        case qdisc(InterfaceName)
        case table(RuleTable.ID)
    }

    var kind: Kind {
        switch self {
        case .link: .link
        case .bridgeVLAN: .bridgeVLAN
        case .setting: .setting
        case .address: .address
        case .route: .route
        case .rule: .rule
        case .neighbour: .neighbour
        case .forwarding: .forwarding
        case .qdisc: .qdisc
        case .table: .table
        }
    }

    var identity: Identity {
        switch self {
        case .link(let link): .link(link.name)
        case .bridgeVLAN(let vlan): .bridgeVLAN(vlan.device, vlan.id)
        case .setting(let setting): .setting(setting.path)
        case .address(let address): .address(address.device, address.address.address)
        case .route(let route): .route(table: route.table, route.destination, metric: route.asReported.metric)
        case .rule(let rule): .rule(rule)
        case .neighbour(let neighbour): .neighbour(neighbour.device, neighbour.address)
        case .forwarding(let entry):
            .forwarding(
                entry.device, entry.mac, vlan: entry.vlan, isSelf: entry.isSelf,
                destination: entry.mac.isOfOneHost ? nil : entry.destination)
        case .qdisc(let qdisc): .qdisc(qdisc.device)
        case .table(let table): .table(table.id)
        }
    }

    /// The link that it is on, and goes with.
    var device: InterfaceName? {
        switch self {
        case .link, .rule, .table: nil
        case .bridgeVLAN(let vlan): vlan.device
        case .setting(let setting): setting.device
        case .address(let address): address.device
        case .route(let route): route.device
        case .neighbour(let neighbour): neighbour.device
        case .forwarding(let entry): entry.device
        case .qdisc(let qdisc): qdisc.device
        }
    }

    /// What of an object that the kernel has, and that is of the same identity, is not as this value says.
    func differences(from found: KernelObject) -> [AttributeDifference] {
        switch (self, found) {
        case (.link(let wanted), .link(let seen)):
            return wanted.kindDifferences(from: seen) + wanted.differences(from: seen) + wanted.strayMaster(seen)
        case (.bridgeVLAN(let wanted), .bridgeVLAN(let seen)):
            return [
                AttributeDifference("pvid", wanted.isPVID, seen.isPVID),
                AttributeDifference("untagged", wanted.isUntagged, seen.isUntagged),
                AttributeDifference("self", wanted.isSelf, seen.isSelf),
            ].compactMap { $0 }
        case (.setting(let wanted), .setting(let seen)):
            return [AttributeDifference("value", wanted.value, seen.value)].compactMap { $0 }
        case (.address(let wanted), .address(let seen)):
            let wanted = wanted.asReported
            return [
                AttributeDifference("prefix length", wanted.address.prefixLength, seen.address.prefixLength),
                AttributeDifference("scope", wanted.scope, seen.scope),
                AttributeDifference("nodad", wanted.noDAD, seen.noDAD),
            ].compactMap { $0 }
        case (.route(let wanted), .route(let seen)): return wanted.asReported.differences(from: seen)
        case (.neighbour(let wanted), .neighbour(let seen)):
            return [
                AttributeDifference("lladdr", wanted.mac, seen.mac),
                AttributeDifference("state", wanted.state, seen.state),
            ].compactMap { $0 }
        case (.forwarding(let wanted), .forwarding(let seen)):
            return [
                AttributeDifference("dst", wanted.destination, seen.destination),
                AttributeDifference("permanent", wanted.isPermanent, seen.isPermanent),
            ].compactMap { $0 }
        case (.qdisc(let wanted), .qdisc(let seen)):
            if wanted.isSatisfied(by: seen) { return [] }
            return [AttributeDifference("root", wanted: "\(wanted.kind)", found: "\(seen.kind)")]
        case (.table(let wanted), .table(let seen)): return wanted.differences(from: seen)
        default: return []
        }
    }
}

extension KernelObject: CustomStringConvertible {
    /// The object without its kind, in the words of iproute2, sysctl and nft.
    var description: String {
        switch self {
        case .link(let link): "\(link)"
        case .bridgeVLAN(let vlan): "\(vlan)"
        case .setting(let setting):
            "net.\(setting.path.map { $0 == "/" ? "." : String($0) }.joined()) = \(setting.value)"
        case .address(let address): "\(address)"
        case .route(let route): "\(route)"
        case .rule(let rule): "\(rule)"
        case .neighbour(let neighbour): "\(neighbour)"
        case .forwarding(let entry): "\(entry)"
        case .qdisc(let qdisc): "\(qdisc)"
        case .table(let table): "\(table.id)"
        }
    }
}

extension NamespaceContent {
    /// All objects but the tables, in the order they are made.
    var objects: [KernelObject] {
        var objects: [KernelObject] = []
        objects.reserveCapacity(objectCount)
        for link in links { objects.append(.link(link)) }
        for vlan in bridgeVLANs { objects.append(.bridgeVLAN(vlan)) }
        for setting in sysctls { objects.append(.setting(setting)) }
        for address in addresses { objects.append(.address(address)) }
        for route in routes { objects.append(.route(route)) }
        for rule in rules { objects.append(.rule(rule)) }
        for neighbour in neighbours { objects.append(.neighbour(neighbour)) }
        for entry in forwarding { objects.append(.forwarding(entry)) }
        for qdisc in qdiscs { objects.append(.qdisc(qdisc)) }
        return objects
    }
}

extension Link {
    /// A link that should be no bridge's port and is one. (A link that leaves its master open says that it has none.)
    fileprivate func strayMaster(_ seen: Link) -> [AttributeDifference] {
        guard master == nil, let other = seen.master else { return [] }
        return [AttributeDifference("master", wanted: nil, found: "\(other)")]
    }
}

extension Route {
    fileprivate func differences(from seen: Route) -> [AttributeDifference] {
        [
            AttributeDifference("type", "\(kind)", "\(seen.kind)"),
            AttributeDifference("via", gateway, seen.gateway),
            // What a route without a device leaves by, the kernel finds out from its gateway.
            device == nil && kind == .unicast ? nil : AttributeDifference("dev", device, seen.device),
            AttributeDifference("src", preferredSource, seen.preferredSource),
            AttributeDifference("scope", scope, seen.scope),
            AttributeDifference("proto", origin, seen.origin),
            AttributeDifference("onlink", onlink, seen.onlink),
        ].compactMap { $0 }
    }
}

extension MACAddress {
    /// Whether it is the address of one host: neither a group's nor the one that stands for all unknown ones.
    fileprivate var isOfOneHost: Bool { value != 0 && value >> 40 & 1 == 0 }
}
