import Addresses
import Blueprint
import NetworkObjects

extension Sysctl {
    /// Whether writing a family's switch for forwarding writes this one, too, as `inet_forward_change` in net/ipv4/devinet.c does.
    fileprivate func followsSwitch(_ families: Set<Substring>) -> Bool {
        let parts = path.split(separator: "/")
        guard parts.count == 4, parts[1] == "conf", families.contains(parts[0]), path != "ipv6/conf/all/forwarding"
        else { return false }
        return parts[3] == "forwarding" || parts[0] == "ipv4" && parts[2] == "all" && parts[3] == "accept_redirects"
    }
}

/// Which findings of a namespace are no more than consequences of others.
struct ConsequenceFilter {
    /// For each finding.
    private(set) var isImplied: [Bool]

    init(_ findings: [ObjectFinding], rebuilt: Set<InterfaceName>) {
        var faulty: Set<InterfaceName> = []
        var down: Set<InterfaceName> = []
        var readdressed: Set<InterfaceName> = []
        var withoutAddress: Set<InterfaceName> = []
        var switches: Set<Substring> = []
        for finding in findings {
            switch (finding, finding.object.value) {
            case (.different(_, _, let attributes), let link as Link):
                faulty.insert(link.name)
                if attributes.contains(where: { $0.name == .address }) { readdressed.insert(link.name) }
                if link.isUp, attributes.contains(where: { $0.name == .state }) { down.insert(link.name) }
            case (.missing, let address as DeviceAddress), (.different, let address as DeviceAddress):
                if address.address.family == .ipv4 { withoutAddress.insert(address.device) }
            case (.different, let setting as Sysctl):
                if setting.path == "ipv4/ip_forward" { switches.insert("ipv4") }
                if setting.path == "ipv6/conf/all/forwarding" { switches.insert("ipv6") }
            default: break
            }
        }
        isImplied = findings.map { finding in
            if case .extra = finding { return false }
            let object = finding.object
            if let setting = object.value as? Sysctl, setting.followsSwitch(switches) { return true }
            guard case .missing = finding else { return false }
            guard let device = object.link else { return false }
            if rebuilt.contains(device) || down.contains(device) { return true }
            switch object.value {
            case is BridgeVLAN: return faulty.contains(device)
            // The kernel forgets all neighbours on a link whose own address changes, permanent ones too.
            case is Neighbour: return readdressed.contains(device)
            case let route as Route: return route.destination.family == .ipv4 && withoutAddress.contains(device)
            default: return false
            }
        }
    }
}
