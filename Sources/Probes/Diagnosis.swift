import Addresses
import Blueprint
import NetworkObjects

/// Why a probe failed: the way that its packet and the answer should take is walked on the blueprint, and every entry that
/// decides something on it is looked for in the kernel.
struct Diagnosis {
    private let plane: ForwardingPlane
    private let blueprint: Blueprint
    private let observe: (String) throws -> NamespaceContent
    private var observed: [String: Result<NamespaceContent, any Error>] = [:]

    init(_ blueprint: Blueprint, observe: @escaping (String) throws -> NamespaceContent) {
        self.blueprint = blueprint
        self.observe = observe
        plane = ForwardingPlane(blueprint)
    }

    /// What is missing or different on a probe's way, in a sentence.
    mutating func cause(of probe: ProbeMatrix.Probe) -> String {
        let trip = plane.roundTrip(from: probe.from, to: probe.address)
        let hops = trip.request.hops + (trip.reply?.hops ?? [])
        for hop in hops.flatMap({ [$0] + ($0.tunnel?.hops ?? []) }) {
            if let fault = fault(at: hop) { return "\(hop.namespace): \(fault)" }
        }
        if let last = trip.request.hops.last, let missing = missing(probe.address, at: last.namespace) {
            return missing
        }
        if let stop = trip.stop { return "\(stop.namespace): the blueprint itself leads no further (\(stop.reason))" }
        for hop in hops {
            if let conditions = conditions(at: hop) { return conditions }
        }
        return "every route, neighbour and FDB entry on the way is as it should be; look at rules (nft) and links"
    }

    /// What the frames suffer that leave a hop, if that is not the kernel's own choice.
    private mutating func conditions(at hop: Path.Hop) -> String? {
        guard let egress = hop.egress, case .success(let found) = content(hop.namespace),
            let qdisc = found.qdiscs.first(where: { $0.device == egress })
        else { return nil }
        return "\(hop.namespace): all is there, but what leaves by \(egress) goes through \(qdisc.kind)"
    }

    /// That an address which should be one of a namespace's own is not there; nil if it is, or should not be.
    private mutating func missing(_ address: IPAddress, at namespace: String) -> String? {
        let wanted = blueprint.namespaces.first { $0.name == namespace }?.content.addresses ?? []
        guard let wanted = wanted.first(where: { $0.address.address == address }),
            case .success(let found) = content(namespace)
        else { return nil }
        return found.addresses.contains { $0.address.address == address }
            ? nil : "\(namespace): address \(wanted) is missing"
    }

    private mutating func content(_ namespace: String) -> Result<NamespaceContent, any Error> {
        if let known = observed[namespace] { return known }
        let content = Result { try observe(namespace) }
        observed[namespace] = content
        return content
    }

    /// The first thing that is not as the blueprint has it among what a hop relies on.
    private mutating func fault(at hop: Path.Hop) -> String? {
        let found: NamespaceContent
        switch content(hop.namespace) {
        case .success(let content): found = content
        case .failure(let error): return "it cannot be looked into (\(error))"
        }
        let wanted = blueprint.namespaces.first { $0.name == hop.namespace }?.content ?? NamespaceContent()
        for name in [hop.ingress, hop.egress].compactMap({ $0 }) {
            if let fault = linkFault(name, wanted, found) { return fault }
        }
        if let route = hop.route, let fault = routeFault(route, wanted, found) { return fault }
        if let neighbour = hop.neighbour {
            // One that the kernel asks for itself, or has learned, is not the one that should be there.
            let same = found.neighbours.first {
                $0.device == neighbour.device && $0.address == neighbour.address && $0.state.contains(.permanent)
            }
            if same == nil { return "neighbour \(neighbour) is missing" }
            if same?.mac != neighbour.mac { return "neighbour \(neighbour) is expected, found \(same!)" }
        }
        if let entry = hop.forwardingEntry {
            let same = found.forwarding.filter { $0.device == entry.device && $0.mac == entry.mac }
            if same.isEmpty { return "FDB entry \(entry) is missing" }
            if !same.contains(where: { $0.destination == entry.destination }) {
                return "FDB entry \(entry) is expected, found \(same[0])"
            }
        }
        if hop.ingress != nil, hop.egress != nil {
            for setting in wanted.sysctls where setting.isForwarding {
                if let value = found.sysctls.first(where: { $0.path == setting.path })?.value, value != setting.value {
                    return "sysctl \(setting.path) is \(value), expected \(setting.value)"
                }
            }
        }
        return nil
    }

    private func linkFault(_ name: InterfaceName, _ wanted: NamespaceContent, _ found: NamespaceContent) -> String? {
        guard let expected = wanted.links.first(where: { $0.name == name }) else { return nil }
        guard let link = found.links.first(where: { $0.name == name }) else { return "link \(name) is missing" }
        if expected.isUp, !link.isUp { return "link \(name) is down" }
        if !expected.isSatisfied(by: link) { return "link \(expected) is expected, found \(link)" }
        let addresses = Set(found.addresses.filter { $0.device == name }.map(\.address))
        let missing = wanted.addresses.first { $0.device == name && !addresses.contains($0.address) }
        return missing.map { "address \($0) is missing" }
    }

    private func routeFault(_ route: Route, _ wanted: NamespaceContent, _ found: NamespaceContent) -> String? {
        // A route of the kernel's own making stands or falls with its address.
        guard route.origin != .kernel else { return nil }
        let expected = route.asReported
        let same = found.routes.filter { $0.destination == expected.destination }
        guard let first = same.first else { return "route \(route) is missing" }
        let agrees = same.contains {
            $0.kind == expected.kind && $0.gateway == expected.gateway
                && (expected.device == nil || $0.device == expected.device)
        }
        if !agrees { return "route \(route) is expected, found \(first)" }
        // A longer prefix that nobody asked for takes the packets away.
        let known = Set(wanted.routes.map(\.destination))
        let stray = found.routes.first {
            route.destination.contains($0.destination) && $0.destination.length > route.destination.length
                && !known.contains($0.destination)
        }
        return stray.map { "route \($0) takes packets away from \(route)" }
    }
}

extension Sysctl {
    fileprivate var isForwarding: Bool {
        path == "ipv4/ip_forward" || path == "ipv6/conf/all/forwarding"
    }
}
