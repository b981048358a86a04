import Addresses
import Blueprint
import NetworkObjects

/// Which links of a lab have to be made anew: those that are missing, those of which the kernel cannot change in place what
/// differs, and with them the other ends of cables and what stands on them.
struct LinkRebuildPlan {
    private let blueprint: Blueprint
    private let observed: [NamespaceSnapshot?]
    private let position: [String: Int]
    private let links: [[InterfaceName: Link]]
    /// For each namespace, the links to be made anew.
    private(set) var rebuilt: [Set<InterfaceName>]
    /// For each namespace, what is wrong with those that are not at fault for another's sake.
    private(set) var faults: [[InterfaceName: Difference.Finding]]

    init(_ blueprint: Blueprint, _ observed: [NamespaceSnapshot?]) {
        self.blueprint = blueprint
        self.observed = observed
        position = Dictionary(
            blueprint.namespaces.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        links = blueprint.namespaces.map { namespace in
            Dictionary(namespace.content.links.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        }
        rebuilt = Array(repeating: [], count: blueprint.namespaces.count)
        faults = Array(repeating: [:], count: blueprint.namespaces.count)
    }

    /// Finds them.
    mutating func run() {
        for (index, namespace) in blueprint.namespaces.enumerated() {
            for link in namespace.content.links { look(at: link, in: index) }
        }
    }

    /// Has a link made anew for something that the kernel cannot change in place.
    mutating func remake(_ name: InterfaceName, in index: Int, for differences: [AttributeDifference]) {
        if rebuilt[index].contains(name) { return }
        rebuild(name, in: index, .different(differences))
        guard case .veth(let peer?) = links[index][name]?.kind, let other = position[peer.namespace] else { return }
        rebuild(peer.name, in: other, nil)
    }

    private mutating func look(at link: Link, in index: Int) {
        switch link.kind {
        case .loopback: return
        case .veth(let peer?):
            guard let other = position[peer.namespace] else { return }
            // A cable is looked at once, from the end that comes first.
            if other < index || other == index && peer.name < link.name { return }
            lookAtCable(link, in: index, peer, in: other)
        default:
            guard let seen = observed[index] else { return }
            guard let found = seen.links[link.name] else { return rebuild(link.name, in: index, .missing) }
            let differences = link.kindDifferences(from: found.link)
            if !differences.isEmpty { rebuild(link.name, in: index, .different(differences)) }
        }
    }

    private mutating func lookAtCable(_ link: Link, in index: Int, _ peer: VethPeer, in other: Int) {
        let (near, far) = (observed[index]?.links[link.name], observed[other]?.links[peer.name])
        if let near, let far, near.lowerIndex == far.index, far.lowerIndex == near.index,
            case .veth = near.link.kind, case .veth = far.link.kind
        {
            return
        }
        if observed[index] == nil || observed[other] == nil {
            // The namespace that is missing is the fault.
            rebuild(link.name, in: index, nil)
            rebuild(peer.name, in: other, nil)
        } else if near != nil, far == nil {
            rebuild(link.name, in: index, nil)
            rebuild(peer.name, in: other, .missing)
        } else if near != nil {
            let wanted = "\(peer.name) in \(peer.namespace)"
            rebuild(
                link.name, in: index,
                .different([AttributeDifference(AttributeName("other end"), wanted: wanted, found: "another link")]))
            rebuild(peer.name, in: other, nil)
        } else {
            rebuild(link.name, in: index, .missing)
            rebuild(peer.name, in: other, nil)
        }
    }

    private mutating func rebuild(_ name: InterfaceName, in index: Int, _ fault: Difference.Finding?) {
        if rebuilt[index].insert(name).inserted, let fault { faults[index][name] = fault }
        for upper in links[index].values where upper.lower == name && !rebuilt[index].contains(upper.name) {
            rebuild(upper.name, in: index, nil)
            guard case .veth(let peer?) = upper.kind, let other = position[peer.namespace] else { continue }
            rebuild(peer.name, in: other, nil)
        }
    }

    /// The links to be made anew that are there, and do not go by themselves with one that is deleted.
    func deleted(in index: Int) -> [InterfaceName] {
        guard let seen = observed[index] else { return [] }
        return blueprint.namespaces[index].content.links.reversed().filter { link in
            guard rebuilt[index].contains(link.name), let found = seen.links[link.name] else { return false }
            if let lower = found.link.lower, rebuilt[index].contains(lower) { return false }
            guard case .veth(let peer?) = link.kind, let other = position[peer.namespace], other < index,
                let far = observed[other]?.links[peer.name]
            else { return true }
            // The end that comes first takes this one along, if the two are each other's.
            return far.lowerIndex != found.index || found.lowerIndex != far.index
        }.map(\.name)
    }
}
