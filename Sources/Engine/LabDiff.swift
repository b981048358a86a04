import Addresses
import Blueprint
import NetworkObjects
import System

/// A lab as it should be against what its namespaces were seen to hold. Pure: what it says depends on its arguments alone.
struct LabDiff {
    /// One namespace of the lab.
    struct Part: Sendable {
        /// Its name.
        var name: String
        /// Whether there is no such namespace, so that all of it has to be made.
        var isMissing: Bool
        /// Each object that is not as it should be; of a namespace that is missing, none.
        var findings: [ObjectFinding] = []
        /// For each finding, whether it goes with another one: a route with the link that is missing.
        var isImplied: [Bool] = []
        /// The links that have to be made anew because the kernel cannot change them, or one that they stand on, in place.
        var rebuilt: Set<InterfaceName> = []
        /// Those of them that are there and have to be deleted first; the others go along.
        var deleted: [InterfaceName] = []
        /// What is wrong with the links that have to be made anew, where that is not the fault of another.
        var linkFaults: [InterfaceName: Difference.Finding] = [:]
        /// What of the namespace can be undone only by making it anew.
        var faults: [ObjectFinding] = []
    }

    /// Where an object comes from that nobody asked for now.
    enum Origin {
        /// The lab had it, as its topology was before.
        case former
        /// It stands where the lab says what should be, or changes what the lab's objects do.
        case interfering
        /// A user added it beside the lab's objects.
        case added
    }

    /// The namespaces, in the blueprint's order.
    private(set) var parts: [Part]
    private let blueprint: Blueprint
    private let former: PreviousState
    private let grounds: [ManagedScope]

    /// - Parameters:
    ///   - observed: for each namespace of the blueprint what it holds; nil for one that is not there.
    ///   - tables: for each namespace the tables that it should hold, as nft would list them.
    ///   - former: what the lab consisted of before.
    ///   - labAddresses: the addresses of the whole lab; nil if the blueprint is of all of it.
    ///   - anew: the links to be made anew besides, by namespace, where what cannot be changed in place is to be undone; nil where it
    ///     is to be told alone.
    init(
        _ blueprint: Blueprint, _ observed: [NamespaceSnapshot?], tables: [[RuleTable]], former: PreviousState,
        labAddresses: Set<IPAddress>? = nil, anew: [String: Set<InterfaceName>]? = nil
    ) {
        self.blueprint = blueprint
        self.former = former
        var cables = LinkRebuildPlan(blueprint, observed)
        cables.run()
        if let anew { cables.remakeLinks(blueprint, observed, anew) }
        let addresses =
            labAddresses ?? Set(blueprint.namespaces.flatMap { $0.content.addresses.map(\.address.address) })
        grounds = blueprint.namespaces.map { ManagedScope($0.content, labAddresses: addresses) }
        parts = Processors.map(blueprint.namespaces.count) { [cables] index in
            let namespace = blueprint.namespaces[index]
            guard let seen = observed[index] else { return Part(name: namespace.name, isMissing: true) }
            var part = Part(name: namespace.name, isMissing: false)
            part.rebuilt = cables.rebuilt[index]
            part.linkFaults = cables.faults[index]
            part.deleted = cables.deleted(in: index)
            let wanted = namespace.content.whole(lab: blueprint.lab).objects + tables[index].map { KernelObject($0) }
            part.findings = ObjectFinding.compare(wanted, with: seen.without(part.rebuilt))
            part.findings += seen.deviations.filter { finding in
                finding.object.device.map { !part.rebuilt.contains($0) } ?? true
            }
            if anew != nil { part.faults = seen.deviations.filter { $0.hasNoInverse && $0.isOfNamespace } }
            part.isImplied = ConsequenceFilter(part.findings, rebuilt: part.rebuilt).isImplied
            return part
        }
    }

    /// Where an object of a namespace comes from that nobody asked for.
    func origin(of object: KernelObject, in index: Int) -> Origin {
        if former.contains(object, in: parts[index].name) { return .former }
        return grounds[index].isInterfering(object) ? .interfering : .added
    }

    /// What is not as it should be, each with its cause alone: not the routes that went with a link.
    ///
    /// - Parameters:
    ///   - strict: whether what users added is among it.
    ///   - daemons: the namespaces in which a command of the lab's left a program running: what that learns is no addition.
    func differences(strict: Bool, daemons: Set<String> = []) -> [Difference] {
        var differences: [Difference] = []
        for (index, part) in parts.enumerated() {
            if part.isMissing {
                differences.append(Difference(part.name, "namespace", "\(blueprint.lab)-\(part.name)", .missing))
            }
            for (finding, isImplied) in zip(part.findings, part.isImplied) {
                if let link = finding.object.value as? Link, part.rebuilt.contains(link.name) {
                    if let fault = part.linkFaults[link.name] {
                        var difference = Difference(part.name, "link", "\(link)", fault)
                        difference.origin = blueprint.namespaces[index].origins[finding.object.identity]
                        differences.append(difference)
                    }
                    continue
                }
                if isImplied || daemons.contains(part.name) && finding.isLearnedByDaemon { continue }
                var isUsers = false
                if case .extra(let object) = finding { isUsers = origin(of: object, in: index) == .added }
                if strict || !isUsers {
                    let origin = blueprint.namespaces[index].origins[finding.object.identity]
                    differences.append(Difference(part.name, finding, isUsers: isUsers, origin: origin))
                }
            }
        }
        return differences
    }
}

/// What a namespace's blueprint says something about, so that what someone adds there changes what the lab does.
private struct ManagedScope {
    private let tunnels: Set<InterfaceName>
    private let ports: Set<InterfaceName>
    private let links: Set<InterfaceName>
    private let routes: [Prefix]
    private let labAddresses: Set<IPAddress>

    init(_ content: NamespaceContent, labAddresses: Set<IPAddress>) {
        links = Set(content.links.map(\.name))
        tunnels = Set(content.links.filter(\.isTunnel).map(\.name))
        ports = Set(content.bridgeVLANs.map(\.device)).union(content.links.filter { $0.master != nil }.map(\.name))
        routes = content.routes.map(\.destination).filter { $0.length > 0 }
        self.labAddresses = labAddresses
    }

    func isInterfering(_ object: KernelObject) -> Bool {
        switch object.value {
        // The lab says all VLANs of its ports, and all hosts behind its tunnels.
        case let vlan as BridgeVLAN: ports.contains(vlan.device)
        case let entry as ForwardingEntry: tunnels.contains(entry.device)
        case let neighbour as Neighbour:
            tunnels.contains(neighbour.device)
                || links.contains(neighbour.device) && labAddresses.contains(neighbour.address)
        // A second time in the lab, wherever it is.
        case let address as DeviceAddress: labAddresses.contains(address.address.address)
        // It takes packets from a route of the lab. A default route has nothing that could be taken from it.
        case let route as Route:
            route.table == Route.mainTable && routes.contains { $0.contains(route.destination) }
        // Conditions of a link and ways for some packets are a user's wish; what is to go the lab's way does.
        default: false
        }
    }
}

extension NamespaceContent {
    /// The families that are used there.
    var families: Set<AddressFamily> {
        Set(addresses.map(\.address.family)).union(routes.map(\.destination.family))
    }

    /// The content with the lab's mark on `lo`, and with what the kernel has by itself for the families that it uses.
    func whole(lab: String) -> NamespaceContent {
        var content = self
        for kind in ObjectKinds.all { content.addKernelMade(kind, families) }
        if !withoutKernelMade.isEmpty {
            let absent = Set(withoutKernelMade)
            content.lists.keep { !absent.contains(KernelObject($0)) }
        }
        if let index = content.links.firstIndex(where: { $0.kind == .loopback }) {
            content.links[index].alias = Ownership.alias(lab: lab)
        }
        return content
    }
}

extension NamespaceContent {
    fileprivate mutating func addKernelMade<Object: NetworkObject>(_: Object.Type, _ families: Set<AddressFamily>) {
        for family in families.sorted() { lists[Object.self] += Object.kernelMade(family) }
    }
}

extension KernelObject {
    /// The link that it is on, or that it is.
    fileprivate var device: InterfaceName? { (value as? Link)?.name ?? link }
}

extension ObjectFinding {
    /// Whether it is of the namespace as a whole, or of `lo`, which goes with it alone.
    fileprivate var isOfNamespace: Bool { object.device == nil || object.device == "lo" }
}

extension LinkRebuildPlan {
    /// Has links made anew of which something cannot be undone otherwise.
    ///
    /// - Parameter anew: those of which that is known already, by namespace.
    fileprivate mutating func remakeLinks(
        _ blueprint: Blueprint, _ observed: [NamespaceSnapshot?], _ anew: [String: Set<InterfaceName>]
    ) {
        for (index, namespace) in blueprint.namespaces.enumerated() {
            for case .different(let object, _, let attributes) in observed[index]?.deviations ?? [] {
                guard let device = object.device, device != "lo" else { continue }
                let finding = ObjectFinding.different(object, found: object, attributes)
                if finding.hasNoInverse || anew[namespace.name]?.contains(device) == true {
                    remake(device, in: index, for: attributes)
                }
            }
        }
    }
}

extension NamespaceSnapshot {
    /// What is left once these links are deleted, with all that is on them.
    fileprivate func without(_ gone: Set<InterfaceName>) -> [KernelObject] {
        if gone.isEmpty { return objects }
        let uppers = content.links.filter { $0.stands(on: gone) }.map(\.name)
        let gone = gone.union(uppers)
        return objects.compactMap { object in
            if let device = object.link, gone.contains(device) { return nil }
            guard var link = object.value as? Link else { return object }
            if gone.contains(link.name) { return nil }
            if let master = link.master, gone.contains(master) { link.master = nil }
            return KernelObject(link)
        }
    }
}
