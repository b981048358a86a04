import Addresses
import NetworkObjects

/// How far a change from one blueprint of a lab to another reaches: the namespaces in which it makes a difference, their link
/// peers where their links change, and whoever is on the segments of those links.
public struct ChangeReach {
    /// The positions of those namespaces in the new blueprint.
    public private(set) var namespaces: Set<Int> = []

    private let wanted: Blueprint
    private let position: [String: Int]
    private var seen: Set<LinkEnd> = []

    private struct LinkEnd: Hashable {
        let namespace: Int
        let link: InterfaceName
    }

    /// The reach of the change from a blueprint to another.
    public init(from former: Blueprint, to wanted: Blueprint) {
        self.wanted = wanted
        position = Dictionary(
            wanted.namespaces.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        let before = Dictionary(former.namespaces.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for (index, namespace) in wanted.namespaces.enumerated() {
            let was = before[namespace.name]
            if was == namespace { continue }
            namespaces.insert(index)
            let changed = namespace.content.linksChanged(from: was?.content ?? NamespaceContent())
            if changed.isEmpty { continue }
            for link in namespace.content.links {
                if case .veth(let peer?) = link.kind, let other = position[peer.namespace] { namespaces.insert(other) }
            }
            for link in changed { addSegment(of: LinkEnd(namespace: index, link: link)) }
        }
    }

    /// Adds whoever hears what a link sends. VLANs are not distinguished: that takes more namespaces, never fewer.
    private mutating func addSegment(of end: LinkEnd) {
        var waiting = [end]
        while let end = waiting.popLast() {
            guard seen.insert(end).inserted else { continue }
            namespaces.insert(end.namespace)
            let links = wanted.namespaces[end.namespace].content.links
            guard let link = links.first(where: { $0.name == end.link }) else { continue }
            if case .veth(let peer?) = link.kind, let other = position[peer.namespace] {
                waiting.append(LinkEnd(namespace: other, link: peer.name))
            }
            for other in links where other.shares(segmentWith: link) {
                waiting.append(LinkEnd(namespace: end.namespace, link: other.name))
            }
        }
    }
}

extension Blueprint {
    /// The blueprint of some of the namespaces alone.
    ///
    /// - Parameter indices: their positions; they keep their order.
    public func part(of indices: Set<Int>) -> Blueprint {
        if indices.count == namespaces.count { return self }
        var part = self
        part.namespaces = indices.sorted().map { namespaces[$0] }
        return part
    }
}

extension NamespaceContent {
    /// The links that are not as they were, or have other addresses than they had. One that is gone is not among them, but the
    /// bridge is that it was a port of.
    fileprivate func linksChanged(from former: NamespaceContent) -> [InterfaceName] {
        let before = Dictionary(former.links.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let (was, now) = (former.addressesByLink, addressesByLink)
        var changed = links.filter { before[$0.name] != $0 || was[$0.name] != now[$0.name] }.map(\.name)
        let names = Set(links.map(\.name))
        for link in former.links where !names.contains(link.name) {
            // A bridge without this port, or the namespace without this link: its peers are looked at.
            changed.append(link.master.flatMap { names.contains($0) ? $0 : nil } ?? link.name)
        }
        return changed
    }

    private var addressesByLink: [InterfaceName: [DeviceAddress]] { Dictionary(grouping: addresses, by: \.device) }
}

extension Link {
    /// Whether frames go from one to the other within their namespace: a bridge and its ports, a VLAN and what carries it.
    fileprivate func shares(segmentWith other: Link) -> Bool {
        master == other.name || other.master == name || master != nil && master == other.master
            || carrier == other.name || other.carrier == name
    }

    /// What carries a VLAN's frames.
    private var carrier: InterfaceName? { if case .vlan(let vlan) = kind { vlan.parent } else { nil } }
}
