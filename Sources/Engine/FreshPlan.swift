import Addresses
import Blueprint
import NetworkObjects

/// What has to be made to know how a lab's namespaces and links are when nobody has touched them: a namespace for each sort of
/// settings that the lab's have, with a link in it of each sort that they have. Pure.
struct FreshPlan {
    private(set) var groups: [Group] = []
    /// For each namespace of the blueprint its group, and its links' places there; nil for one that is not compared.
    private(set) var places: [Place?] = []

    /// Namespaces that have the same settings of their own.
    struct Group: Hashable {
        /// The settings, in the order they are written.
        var settings: [Sysctl]
        /// One of each sort of link, each after those that it is on; `lo` is the first.
        var shapes: [Shape] = []
    }

    /// Where a namespace finds what its own should be like.
    struct Place: Hashable {
        var group: Int
        var shapes: [InterfaceName: Int]
    }

    /// A link without what tells it from others of its sort.
    struct Shape: Hashable {
        /// Its kind, with what decides which attributes it has.
        var kind: Link.Kind
        var mtu: UInt32?
        var isUp: Bool
        /// The link that it is on, and the bridge that it is a port of, by their places.
        var lower: Int?
        var master: Int?
        /// Whether it is a bridge with ports, which are among the shapes.
        var hasPorts: Bool
        /// Its own settings, by their paths with the device left out.
        var settings: [Setting]

        struct Setting: Hashable {
            var family: String
            var table: String
            var name: String
            var value: String
        }
    }

    /// - Parameter isCompared: whether a namespace is looked at.
    init(_ blueprint: Blueprint, isCompared: (Blueprint.Namespace) -> Bool) {
        var numbers: [[Sysctl]: Int] = [:]
        for namespace in blueprint.namespaces {
            guard isCompared(namespace) else {
                places.append(nil)
                continue
            }
            let settings = namespace.content.sysctls.filter { $0.link == nil }
            let group = numbers[settings] ?? groups.count
            if group == groups.count {
                numbers[settings] = group
                groups.append(Group(settings: settings))
            }
            places.append(Place(group: group, shapes: groups[group].add(namespace.content)))
        }
    }
}

extension FreshPlan.Group {
    /// For each of the links that is a veth and is made before its other end, which of them that is; nil for one whose other end is
    /// none of them, and for other links.
    ///
    /// Links are the dearest to make. Of two ends one at the most is a port of a bridge, so that no frame goes round.
    var partners: [Int?] {
        var partners: [Int?] = shapes.map { _ in nil }
        var rest = shapes.indices.filter { if case .veth = shapes[$0].kind { true } else { false } }
        while let first = rest.first {
            rest.removeFirst()
            let isPort = shapes[first].master != nil
            guard let place = rest.firstIndex(where: { !isPort || shapes[$0].master == nil }) else { continue }
            partners[first] = rest.remove(at: place)
        }
        return partners
    }

    /// Takes the sorts of a namespace's links.
    ///
    /// - Returns: for each link its place.
    fileprivate mutating func add(_ content: NamespaceContent) -> [InterfaceName: Int] {
        var places: [InterfaceName: Int] = [:]
        let masters = Set(content.links.compactMap(\.master))
        var own = Dictionary(grouping: content.sysctls.filter { $0.link != nil }) { $0.link! }
        for link in content.links {
            let shape = FreshPlan.Shape(
                kind: link.kind.sort, mtu: link.mtu, isUp: link.isUp, lower: link.lower.flatMap { places[$0] },
                master: link.master.flatMap { places[$0] }, hasPorts: masters.contains(link.name),
                settings: (own.removeValue(forKey: link.name) ?? []).compactMap(FreshPlan.Shape.Setting.init))
            if let place = shapes.firstIndex(of: shape) {
                places[link.name] = place
            } else {
                places[link.name] = shapes.count
                shapes.append(shape)
            }
        }
        return places
    }
}

extension FreshPlan.Shape.Setting {
    fileprivate init?(_ setting: Sysctl) {
        guard let parts = setting.linkSetting else { return nil }
        self.init(
            family: String(parts.family), table: String(parts.table), name: String(parts.name), value: setting.value)
    }

    /// The setting of a device.
    func setting(of device: InterfaceName) -> Sysctl { Sysctl("\(family)/\(table)/\(device)/\(name)", value) }
}

extension Link.Kind {
    /// The kind without what says where it leads.
    fileprivate var sort: Link.Kind {
        switch self {
        case .veth: return .veth(peer: nil)
        case .vlan(var vlan):
            vlan.id = 0
            vlan.parent = "lower"
            return .vlan(vlan)
        case .vxlan(var vxlan):
            vxlan.local = vxlan.local.family == .ipv4 ? .v4(IPv4Address(0x7f00_0001)) : .v6(IPv6Address(1))
            vxlan.device = "lower"
            return .vxlan(vxlan)
        case .ipip(let tunnel):
            if tunnel == IPIP() { return self }
            return .ipip(
                IPIP(local: IPv4Address(0x7f00_0001), remote: tunnel.remote.map { _ in IPv4Address(0x7f00_0002) }))
        case .loopback, .bridge, .other: return self
        }
    }
}
