import Addresses
import Blueprint
import NetworkObjects

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
            if let setting = (object.value as? Sysctl)?.linkSetting, setting.name == "forwarding",
                switches.contains(setting.family)
            {
                return true
            }
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
