import Addresses
import Blueprint
import NetworkObjects

/// Which findings of a namespace are no more than consequences of others.
struct Implications {
    /// For each finding.
    private(set) var isImplied: [Bool]

    init(_ findings: [ObjectFinding], rebuilt: Set<InterfaceName>) {
        var faulty: Set<InterfaceName> = []
        var down: Set<InterfaceName> = []
        var readdressed: Set<InterfaceName> = []
        var withoutAddress: Set<InterfaceName> = []
        var switches: Set<Substring> = []
        for finding in findings {
            switch finding {
            case .different(.link(let link), _, let attributes):
                faulty.insert(link.name)
                if attributes.contains(where: { $0.name == "address" }) { readdressed.insert(link.name) }
                if link.isUp, attributes.contains(where: { $0.name == "state" }) { down.insert(link.name) }
            case .missing(.address(let address)), .different(.address(let address), _, _):
                if address.address.family == .ipv4 { withoutAddress.insert(address.device) }
            case .different(.setting(let setting), _, _):
                if setting.path == "ipv4/ip_forward" { switches.insert("ipv4") }
                if setting.path == "ipv6/conf/all/forwarding" { switches.insert("ipv6") }
            default: break
            }
        }
        isImplied = findings.map { finding in
            if case .extra = finding { return false }
            let object = finding.object
            if case .setting(let setting) = object, setting.device != nil, setting.path.hasSuffix("/forwarding"),
                let family = setting.path.split(separator: "/").first, switches.contains(family)
            {
                return true
            }
            guard case .missing = finding else { return false }
            guard let device = object.device else { return false }
            if rebuilt.contains(device) || down.contains(device) { return true }
            switch object {
            case .bridgeVLAN: return faulty.contains(device)
            // The kernel forgets all neighbours on a link whose own address changes, permanent ones too.
            case .neighbour: return readdressed.contains(device)
            case .route(let route): return route.destination.family == .ipv4 && withoutAddress.contains(device)
            default: return false
            }
        }
    }
}
