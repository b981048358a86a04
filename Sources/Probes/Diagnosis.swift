import Addresses
import Blueprint
import NetworkObjects

/// Why probes fail: the way that a packet and its answer should take is walked on the blueprint, and every entry that
/// decides something on it is looked for in the kernel.
///
/// A class, for all runs over a lab share what was looked up: each namespace once, and the nodes' rules once.
public final class Diagnosis {
    private let simulator: PacketSimulator
    private let blueprint: Blueprint
    private let contents: [String: NamespaceContent]
    private let observe: (String) throws -> NamespaceContent
    private var observed: [String: Result<NamespaceContent, any Error>] = [:]
    private let findDiffering: () -> [String: Set<String>]
    private lazy var differing = findDiffering()
    private let findTableFaults: () -> [String: [TableFault]]
    private lazy var tableFaults = findTableFaults()
    private let fullTable: (AddressFamily) -> (setting: String, limit: Int)?
    private let isServed: () -> Bool
    private lazy var hasServer = isServed()

    /// A table of rules that is not as it should be.
    public struct TableFault: Sendable {
        /// Whose packets it sees.
        public var families: [AddressFamily]
        /// `table ip mine was added`.
        public var difference: String

        /// - Parameter table: as nft names it, with its family: `ip mine`, `inet mine`.
        public init(table: String, _ words: String) {
            families = AddressFamily.allCases.filter { family in
                switch table.prefix(while: { $0 != " " }) {
                case "ip": family == .ipv4
                case "ip6": family == .ipv6
                default: true
                }
            }
            difference = "table \(table) \(words)"
        }
    }

    /// - Parameters:
    ///   - observe: what a namespace holds now, read from the kernel.
    ///   - differing: by service (`NAMESPACE/NAME`), the nodes whose rules are not as they should be.
    ///   - tableFaults: by namespace, what is wrong with its tables of rules; asked for where nothing else is found.
    ///   - fullTable: what bounds a family's neighbours, if the kernel refused one meanwhile; asked for where nothing else
    ///     is found.
    ///   - isServed: whether the process that answers for the lab's pods runs.
    public init(
        _ blueprint: Blueprint, observe: @escaping (String) throws -> NamespaceContent,
        differing: @escaping () -> [String: Set<String>] = { [:] },
        tableFaults: @escaping () -> [String: [TableFault]] = { [:] },
        fullTable: @escaping (AddressFamily) -> (setting: String, limit: Int)? = { _ in nil },
        isServed: @escaping () -> Bool = { true }
    ) {
        self.blueprint = blueprint
        self.observe = observe
        findDiffering = differing
        findTableFaults = tableFaults
        self.fullTable = fullTable
        self.isServed = isServed
        contents = Dictionary(
            blueprint.namespaces.map { ($0.name, $0.content) }, uniquingKeysWith: { first, _ in first })
        simulator = PacketSimulator(blueprint)
    }

    /// What is missing or different on a probe's way.
    func cause(of probe: ProbeMatrix.Probe) -> FailureCause {
        let trip = simulator.roundTrip(from: probe.from, to: probe.address)
        if let fault = fault(on: trip, to: probe.address) { return fault }
        if let stop = trip.stop { return .blueprint(namespace: stop.namespace, reason: "\(stop.reason)") }
        for hop in trip.request.hops + (trip.reply?.hops ?? []) {
            if let conditions = conditions(at: hop) { return conditions }
        }
        return tableFault(on: trip, probe.address.family) ?? fullTable(of: probe.address.family) ?? .unknown
    }

    /// What is not as it should be on the way from a namespace to an address, or to a service's, and back; nil where nothing was found.
    public func difference(from source: String, to address: IPAddress) -> FailureCause? {
        if blueprint.services.contains(where: { $0.clusterAddresses.contains(address) }) {
            return blueprint.namespaces.first { $0.name == source }.flatMap { cause(ofServiceAt: address, from: $0) }
        }
        let trip = simulator.roundTrip(from: source, to: address)
        if let fault = fault(on: trip, to: address) { return fault }
        for hop in trip.request.hops + (trip.reply?.hops ?? []) {
            if let conditions = conditions(at: hop) { return conditions }
        }
        return tableFault(on: trip, address.family)
    }

    /// What is wrong for one who asks a service; nil where nothing was found.
    ///
    /// - Parameters:
    ///   - address: the service's, or that of the name server.
    ///   - source: the namespace that asks.
    func cause(ofServiceAt address: IPAddress, from source: Blueprint.Namespace) -> FailureCause? {
        if !hasServer { return .noServer }
        guard let service = blueprint.services.first(where: { $0.clusterAddresses.contains(address) }) else {
            return nil
        }
        if let node = source.nodeName, differing[service.key]?.contains(node) == true {
            return .rules(service: service.key, node: node)
        }
        var ends = service.readyEndpoints.map(\.address).filter { $0.family == address.family }
        if ends.isEmpty {
            // The node refuses it.
            let node = blueprint.namespaces.first { $0.name == source.nodeName }
            ends = Array((node?.addresses ?? []).filter { $0.family == address.family }.prefix(1))
        }
        return cause(on: ends.map { (from: source.name, to: $0) }, address.family)
    }

    /// What is wrong for one who asks a service at an address or port from outside; nil where nothing was found.
    ///
    /// - Parameters:
    ///   - key: the service, as `NAMESPACE/NAME`.
    ///   - node: the node that sends the packets on.
    ///   - source: the namespace that asks.
    func cause(
        ofService key: String, through node: String, _ family: AddressFamily, from source: Blueprint.Namespace
    ) -> FailureCause? {
        if !hasServer { return .noServer }
        guard let service = blueprint.services.first(where: { $0.key == key }) else { return nil }
        if differing[key]?.contains(node) == true { return .rules(service: key, node: node) }
        let entry = blueprint.namespaces.first { $0.name == node }?.addresses.first { $0.family == family }
        let ends = service.readyEndpoints.map(\.address).filter { $0.family == family }
        let first = source.nodeName == node ? [] : [entry].compactMap(\.self).map { (from: source.name, to: $0) }
        return cause(on: first + ends.map { (from: node, to: $0) }, family)
    }

    /// What is wrong on one of these ways.
    private func cause(on ways: [(from: String, to: IPAddress)], _ family: AddressFamily) -> FailureCause? {
        let trips = ways.map { (simulator.roundTrip(from: $0.from, to: $0.to), $0.to) }
        return trips.lazy.compactMap { self.fault(on: $0, to: $1) }.first
            ?? trips.lazy.compactMap { self.tableFault(on: $0.0, family) }.first
            ?? fullTable(of: family)
    }

    private func fullTable(of family: AddressFamily) -> FailureCause? {
        fullTable(family).map { .neighbourTable(setting: $0.setting, limit: $0.limit) }
    }

    /// A table of rules on a way there and back that is not as it should be.
    private func tableFault(on trip: RoundTrip, _ family: AddressFamily) -> FailureCause? {
        (trip.request.hops + (trip.reply?.hops ?? [])).lazy.compactMap { hop in
            self.tableFaults[hop.namespace]?.first { $0.families.contains(family) }
                .map { .table(namespace: hop.namespace, difference: $0.difference) }
        }.first
    }

    /// The first thing that is not as it should be on a way there and back.
    private func fault(on trip: RoundTrip, to address: IPAddress) -> FailureCause? {
        for hop in (trip.request.hops + (trip.reply?.hops ?? [])).flatMap({ [$0] + ($0.tunnel?.hops ?? []) }) {
            if let fault = fault(at: hop) { return fault }
        }
        return trip.request.hops.last.flatMap { missing(address, at: $0.namespace) }
    }

    /// What the frames suffer that leave a hop, if that is not the kernel's own choice.
    private func conditions(at hop: Path.Hop) -> FailureCause? {
        guard let egress = hop.egress, case .success(let found) = content(hop.namespace),
            let qdisc = found.qdiscs.first(where: { $0.device == egress })
        else { return nil }
        return .conditions(namespace: hop.namespace, link: "\(egress)", qdisc: "\(qdisc.kind)")
    }

    /// That an address which should be one of a namespace's own is not there; nil if it is, or should not be.
    private func missing(_ address: IPAddress, at namespace: String) -> FailureCause? {
        guard let wanted = contents[namespace]?.addresses.first(where: { $0.address.address == address }),
            case .success(let found) = content(namespace),
            !found.addresses.contains(where: { $0.address.address == address })
        else { return nil }
        return .object(namespace: namespace, kind: "address", object: "\(wanted)", .missing)
    }

    private func content(_ namespace: String) -> Result<NamespaceContent, any Error> {
        if let known = observed[namespace] { return known }
        let content = Result { try observe(namespace) }
        observed[namespace] = content
        return content
    }

    /// The first thing that is not as the blueprint has it among what a hop relies on.
    private func fault(at hop: Path.Hop) -> FailureCause? {
        let place = hop.namespace
        let found: NamespaceContent
        switch content(place) {
        case .success(let content): found = content
        case .failure(let error): return .namespace(place, reason: "\(error)")
        }
        let wanted = contents[place] ?? NamespaceContent()
        func object(_ kind: String, _ object: String, _ fault: FailureCause.ObjectFault) -> FailureCause {
            .object(namespace: place, kind: kind, object: object, fault)
        }
        for name in [hop.ingress, hop.egress].compactMap({ $0 }) {
            if let expected = wanted.links.first(where: { $0.name == name }) {
                if let fault = linkFault(expected, found) {
                    return .link(namespace: place, name: "\(name)", fault)
                }
                let addresses = Set(found.addresses.filter { $0.device == name }.map(\.address))
                let missing = wanted.addresses.first { $0.device == name && !addresses.contains($0.address) }
                if let missing { return object("address", "\(missing)", .missing) }
            }
        }
        if let route = hop.route, let fault = routeFault(route, wanted, found, in: place) { return fault }
        if let neighbour = hop.neighbour {
            // One that the kernel asks for itself, or has learned, is not the one that should be there.
            let same = found.neighbours.first {
                $0.device == neighbour.device && $0.address == neighbour.address && $0.state.contains(.permanent)
            }
            guard let same else { return object("neighbour", "\(neighbour)", .missing) }
            if same.mac != neighbour.mac { return object("neighbour", "\(neighbour)", .different(found: "\(same)")) }
        }
        if let entry = hop.forwardingEntry {
            let same = found.forwarding.filter { $0.device == entry.device && $0.mac == entry.mac }
            guard let first = same.first else { return object("FDB entry", "\(entry)", .missing) }
            if !same.contains(where: { $0.destination == entry.destination }) {
                return object("FDB entry", "\(entry)", .different(found: "\(first)"))
            }
        }
        if hop.ingress != nil, hop.egress != nil {
            for setting in wanted.sysctls where setting.isForwarding {
                if let value = found.sysctls.first(where: { $0.path == setting.path })?.value, value != setting.value {
                    return object("sysctl", setting.path, .value(found: value, wanted: setting.value))
                }
            }
        }
        return nil
    }

    private func linkFault(_ expected: Link, _ found: NamespaceContent) -> FailureCause.LinkFault? {
        guard let link = found.links.first(where: { $0.name == expected.name }) else { return .missing }
        if expected.isUp, !link.isUp { return .down }
        return expected.isSatisfied(by: link) ? nil : .different(wanted: "\(expected)", found: "\(link)")
    }

    private func routeFault(
        _ route: Route, _ wanted: NamespaceContent, _ found: NamespaceContent, in place: String
    ) -> FailureCause? {
        // A route that the kernel made itself goes with its address.
        guard route.origin != .kernel else { return nil }
        let expected = route.asReported
        let same = found.routes.filter { $0.destination == expected.destination }
        guard let first = same.first else {
            return .object(namespace: place, kind: "route", object: "\(route)", .missing)
        }
        let agrees = same.contains {
            $0.kind == expected.kind && $0.gateway == expected.gateway
                && (expected.device == nil || $0.device == expected.device)
        }
        if !agrees {
            return .object(namespace: place, kind: "route", object: "\(route)", .different(found: "\(first)"))
        }
        // A longer prefix that is not wanted takes the packets away.
        let known = Set(wanted.routes.map(\.destination))
        let stray = found.routes.first {
            route.destination.contains($0.destination) && $0.destination.length > route.destination.length
                && !known.contains($0.destination)
        }
        return stray.map { .stray(namespace: place, route: "\($0)", from: "\(route)") }
    }
}

extension Sysctl {
    fileprivate var isForwarding: Bool {
        path == "ipv4/ip_forward" || path == "ipv6/conf/all/forwarding"
    }
}
