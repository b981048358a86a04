import Addresses
import NetworkObjects
import Rtnetlink

/// Why nobody answers for an address on a link.
extension CauseFinder {
    /// A neighbour that nobody answered for.
    ///
    /// - Parameter isGateway: whether the packet is not for it, but for somebody behind it.
    func unanswered(
        _ entry: Neighbour, _ device: InterfaceName, isGateway: Bool, _ place: NamespaceTables
    ) throws -> TraceCause {
        let words = "neighbour \(entry)"
        let owners = try owners(entry.address).filter { $0.namespace != place.name }
        var reason = "nobody in the lab has that address"
        if let owner = owners.first, let far = try tables(owner.namespace), let link = far.link(owner.interface) {
            if !link.link.isUp { return down(link, far) }
            reason = "\(owner.namespace):\(owner.interface) has that address and is not reached by \(device)"
            if let cause = try silent(entry, owner, far) { return cause }
            if let bridge = try bridge(behind: device, place), let cause = try separated(bridge, owner) { return cause }
            if let end = otherEnd(place.name, "\(device)"), let middle = try tables(end.namespace),
                let port = middle.link(end.interface), let cause = unattached(port, middle, from: owner)
            {
                return cause
            }
            if let cause = detached(owner, from: device, place) { return cause }
            if let cause = try filtered(far, at: owner.interface) { return cause }
        } else if let cause = try unserved(entry, device, isGateway, place) {
            return cause
        }
        if let end = otherEnd(place.name, "\(device)"), let far = try tables(end.namespace),
            let cause = try filtered(far, at: end.interface)
        {
            return cause
        }
        return TraceCause(.neighbour, place.name, words, "\(place.name): \(words) does not answer: \(reason)")
    }

    /// An owner that should be at a port of the asker's own bridge.
    private func detached(
        _ owner: (namespace: String, interface: String), from device: InterfaceName, _ place: NamespaceTables
    ) -> TraceCause? {
        guard let end = otherEnd(owner.namespace, owner.interface), end.namespace == place.name,
            let port = place.link(end.interface), let own = place.links[device], case .bridge = own.link.kind,
            port.link.master != device
        else { return nil }
        let other = port.link.master.map { "\($0)" }
        return TraceCause(
            .vlan, place.name, "link \(port.link.name) master \(other ?? "none")",
            "\(place.name): port \(port.link.name), where \(owner.namespace) is, is at \(other ?? "no bridge") and not at \(device)"
        )
    }

    /// An owner that does not answer questions for its address: its link has no ARP, or it was told not to (arp(7), ip-sysctl).
    private func silent(
        _ entry: Neighbour, _ owner: (namespace: String, interface: String), _ far: NamespaceTables
    ) throws -> TraceCause? {
        guard let name = InterfaceName(owner.interface) else { return nil }
        func cause(_ object: String) -> TraceCause {
            TraceCause(
                .neighbour, far.name, object,
                "\(far.name): \(object), so nobody is told who has \(entry.address)")
        }
        if try far.details()[name]?.resolvesNeighbours == false { return cause("link \(name) arp off") }
        guard entry.address.family == .ipv4 else { return nil }
        for place in ["all", owner.interface] {
            // 8 is never, 3 only for addresses whose scope is not the host; 1 and 2 for those of the link that is asked by.
            let value = far.setting("ipv4/conf/\(place)/arp_ignore")
            if value == "8" || value == "3" {
                let name = place.replacing(".", with: "/")
                return cause("net.ipv4.conf.\(name).arp_ignore is \(value!)")
            }
        }
        return nil
    }

    /// An address that nobody has, and that somebody should answer for.
    private func unserved(
        _ entry: Neighbour, _ device: InterfaceName, _ isGateway: Bool, _ place: NamespaceTables
    ) throws -> TraceCause? {
        guard let end = otherEnd(place.name, "\(device)"), let far = try tables(end.namespace),
            let link = far.link(end.interface), link.link.master == nil
        else { return nil }
        if !link.link.isUp { return down(link, far) }
        if entry.address.family == .ipv6 { return far.withoutIPv6(end.interface) }
        // As Calico has it: a pod's gateway is an address of nobody, which the node answers for.
        guard isGateway, far.setting("ipv4/ip_forward") == "1" else { return nil }
        // It answers for what it has a route to (`arp_process`).
        let source = try place.addresses().first {
            $0.address.device == device && $0.address.address.address.family == .ipv4
        }
        let query = RouteQuery(
            to: entry.address, from: source?.address.address.address, ingress: InterfaceName(end.interface))
        if case .refused? = try far.route(for: query), let refusal = try far.refusal(of: query) {
            return rejecting(refusal, query, far)
        }
        guard far.setting("ipv4/conf/\(end.interface)/proxy_arp") == "0" else { return nil }
        let setting = "net.ipv4.conf.\(end.interface.replacing(".", with: "/")).proxy_arp"
        return TraceCause(
            .neighbour, far.name, setting,
            "\(far.name): \(setting) is 0, so nobody answers for \(entry.address), by which \(place.name) sends")
    }
}

extension NamespaceTables {
    /// A link that takes no packets of IPv6; nil where it does, or cannot be asked.
    func withoutIPv6(_ link: String) -> TraceCause? {
        guard setting("ipv6/conf/\(link)/disable_ipv6") == "1" else { return nil }
        let name = "net.ipv6.conf.\(link.replacing(".", with: "/")).disable_ipv6"
        return TraceCause(
            .protocolOff, self.name, name, "\(self.name): \(name) is 1, so \(link) has no IPv6")
    }
}
