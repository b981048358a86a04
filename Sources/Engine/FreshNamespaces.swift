import Addresses
import Blueprint
import NetworkNamespaces
import NetworkObjects
import Rtnetlink
import Synchronization
import System

/// How a lab's namespaces and their links are when nobody has touched them, on this machine at this moment: asked of namespaces that
/// are made for it, with the lab's settings and a link of each sort, and thrown away afterwards.
final class FreshNamespaces: Sendable {
    /// What is asked of the kernel of one group of namespaces.
    struct Group: Sendable {
        /// Its own settings.
        var settings: SettingValues
        /// What families of generic netlink keep for it.
        var values: [String: [UInt8]]
        /// By the places of the plan's links; nil for one that could not be made here.
        var links: [FreshLink?]
        /// The place where settings of single links are read when they are needed.
        var origin: Origin
    }

    /// A link that nobody has touched.
    struct FreshLink: Sendable {
        var name: InterfaceName
        var index: InterfaceIndex
        var detail: LinkDetail
        /// The parameters of its neighbour tables.
        var parameters: [AddressFamily: [UInt8]]
        /// What is asked of it, a bit for each feature.
        var features: [UInt8]
        /// How many queues it uses, by their sorts.
        var channels: [String: UInt32]
        /// Its settings that no message tells.
        var silent: SilentSettings
    }

    /// Settings of a link that the kernel does not put into its messages about the link (`ipv6_store_devconf` in
    /// net/ipv6/addrconf.c), so that their files are read.
    struct SilentSettings: Sendable {
        private(set) var values: [String?]
        private static let paths: [(folder: String, name: String)] = [
            ("ipv6/conf", "ra_honor_pio_life"), ("ipv6/conf", "ra_honor_pio_pflag"), ("ipv6/conf", "regen_min_advance"),
            ("mpls/conf", "input"),
        ]

        /// Those of a link; a value is nil where this kernel has none of the name.
        init(of link: InterfaceName, in inside: borrowing InsideNamespace) throws {
            values = []
            for (folder, name) in Self.paths { values.append(try inside.sysctlIfAny("\(folder)/\(link)/\(name)")) }
        }

        /// What of another link's is not as these, by their paths. Those that this kernel does not have are not looked for again.
        func differences(
            of link: InterfaceName, in inside: borrowing InsideNamespace
        ) throws -> [(path: String, wanted: String?, found: String?)] {
            var differences: [(path: String, wanted: String?, found: String?)] = []
            for ((folder, name), value) in zip(Self.paths, values) where value != nil {
                let path = "\(folder)/\(link)/\(name)"
                let found = try inside.sysctlIfAny(path)
                if found != value { differences.append((path, value, found)) }
            }
            return differences
        }
    }

    /// A namespace that was made for it, held as long as it may be asked.
    final class Origin: Sendable {
        private let namespace: NetworkNamespace
        private let known = Mutex<[String: [String: String]]>([:])

        init(_ namespace: consuming NetworkNamespace) { self.namespace = namespace }

        /// The settings of a link in a folder, such as `ipv4/conf/link2`, by their names.
        func settings(_ folder: String) throws -> [String: String] {
            if let found = known.withLock({ $0[folder] }) { return found }
            let found = try NamespaceThread.run { [self] thread in
                try thread.enter(namespace) { try $0.linkSettings(folder) }
            }
            known.withLock { $0[folder] = found }
            return found
        }

        /// The names of the features that are asked of each link, by the links' numbers.
        func featureNames(_ ethtool: GenericFamily) throws -> [InterfaceIndex: Set<String>] {
            try NamespaceThread.run { [self] thread in
                try thread.enter(namespace) { inside in
                    var socket = try GenericSocket(in: inside)
                    return try socket.wantedFeatureNames(ethtool)
                }
            }
        }
    }

    /// Where settings are, which the first that is made is asked.
    fileprivate final class SettingPlaces: Sendable {
        private let found = Mutex<SettingValues.Places?>(nil)

        func places(in inside: borrowing InsideNamespace) -> SettingValues.Places {
            found.withLock { found in
                let places = found ?? SettingValues.Places(in: inside)
                found = places
                return places
            }
        }
    }

    /// The families of generic netlink that the kernel has, by their names.
    let families: [String: GenericFamily]
    private let filterTables = Mutex<[FilterTable.Family: [String: FilterTable]]>([:])
    private let plan: FreshPlan
    /// Each makes every so-manieth group, while others look at the lab.
    private let workers: [Background<[Group]>]

    /// Begins to make them: nobody waits before something is compared with them.
    ///
    /// - Parameter names: the namespaces that are asked about; nil for all.
    /// - Throws: `SystemCallError` for want of threads.
    init(_ blueprint: Blueprint, of names: Set<String>? = nil) throws {
        // What commands do to their hosts is the lab's: only they can tell what is fresh there.
        plan = FreshPlan(blueprint) { $0.commands.isEmpty && names?.contains($0.name) ?? true }
        // All namespaces have the same ones: no other has to be made for that.
        let families = try InsideNamespace.current { inside in try GenericSocket.families(in: inside) }
        self.families = families
        let groups = plan.groups
        let settings = SettingPlaces()
        let width = min(Processors.available, groups.count)
        workers = try (0..<width).map { first in
            try NamespaceThread.start { thread in
                try stride(from: first, to: groups.count, by: width).map { index in
                    try thread.enterNew { try Group(groups[index], families, settings, in: $0) }
                }
            }
        }
    }

    private func group(_ index: Int) throws -> Group {
        try workers[index % workers.count].value()[index / workers.count]
    }

    /// What families of generic netlink keep for a namespace.
    ///
    /// - Throws: what making namespaces and links throws; a link that the kernel refuses here is left out.
    var values: [String: [UInt8]] {
        get throws { workers.isEmpty ? [:] : try group(0).values }
    }

    /// A table of the older filters as each namespace has it at first.
    func filterTable(_ family: FilterTable.Family, _ name: String) throws -> FilterTable {
        if let known = filterTables.withLock({ $0[family]?[name] }) { return known }
        let table = try NamespaceThread.run { thread in try thread.enterNew { try $0.filterTable(family, name) } }
        filterTables.withLock { $0[family, default: [:]][name] = table }
        return table
    }

    /// What a namespace of the blueprint, by its position, is compared with; nil for one that is not compared.
    ///
    /// - Throws: as `values`.
    func expectation(of index: Int) throws -> (group: Group, links: [InterfaceName: FreshLink])? {
        guard let place = plan.places[index] else { return nil }
        let group = try group(place.group)
        return (group, place.shapes.compactMapValues { group.links[$0] })
    }
}

extension FreshNamespaces.Group {
    fileprivate init(
        _ group: FreshPlan.Group, _ families: [String: GenericFamily], _ places: FreshNamespaces.SettingPlaces,
        in inside: borrowing InsideNamespace
    ) throws {
        for setting in group.settings { try inside.setSysctl(setting.path, to: setting.value) }
        var socket = try RouteSocket(in: inside)
        let namespace = try inside.namespace()
        var table = InterfaceTable(try socket.links())
        let names = group.shapes.enumerated().map { $1.kind.fixedName ?? InterfaceName("link\($0)") ?? "link" }
        let partners = group.partners
        var isMade = names.map { _ in true }
        for (place, shape) in group.shapes.enumerated() {
            var batch = RouteBatch(capacity: 1024)
            do {
                let far = partners[place].map { Link(names[$0], .veth(peer: nil), mtu: group.shapes[$0].mtu) }
                try batch.make(shape, names[place], names, place, far, &table, in: namespace)
                try socket.execute(&batch)
            } catch let error as NetlinkError {
                guard case .refused = error else { throw error }
                isMade[place] = false
            } catch is RequestError {
                isMade[place] = false
            }
        }
        var batch = RouteBatch(capacity: 1024)
        for (place, shape) in group.shapes.enumerated() where isMade[place] {
            let settings = SettingPlan(group.settings + shape.settings.map { $0.setting(of: names[place]) })
            for request in settings.requests {
                switch request {
                case .setIPv4(let device, let values):
                    try batch.set(values.lazy.map { ($0.setting, $0.value) }, on: device, in: table)
                case .setNeighbourParameter(let device, let parameter, let milliseconds, let family):
                    try batch.set(parameter, milliseconds: milliseconds, family, on: device, in: table)
                default: break
                }
            }
            try socket.execute(&batch)
            for setting in settings.linkSysctls { try inside.setSysctl(setting.path, to: setting.value) }
        }
        try self.init(names, isMade, &socket, families, places, consume namespace, in: inside)
    }

    private init(
        _ names: [InterfaceName], _ isMade: [Bool], _ socket: inout RouteSocket, _ families: [String: GenericFamily],
        _ places: FreshNamespaces.SettingPlaces, _ namespace: consuming NetworkNamespace,
        in inside: borrowing InsideNamespace
    ) throws {
        let (observed, details) = try socket.linksInDetail()
        let table = InterfaceTable(observed)
        let parameters = try socket.neighbourParameters()
        var generic = try GenericSocket(in: inside)
        values = try generic.values(families)
        let ethtool = families[GenericFamily.ethtool]
        let features = try ethtool.map { ethtool throws(NetlinkError) in try generic.wantedFeatures(ethtool) } ?? [:]
        let channels = try ethtool.map { ethtool throws(NetlinkError) in try generic.channels(ethtool) } ?? [:]
        links = []
        for (name, isMade) in zip(names, isMade) {
            guard isMade, let index = table[name], let detail = details[index] else {
                links.append(nil)
                continue
            }
            let silent = try FreshNamespaces.SilentSettings(of: name, in: inside)
            links.append(
                FreshNamespaces.FreshLink(
                    name: name, index: index, detail: detail, parameters: parameters.compactMapValues { $0[index] },
                    features: features[index] ?? [], channels: channels[index] ?? [:], silent: silent))
        }
        settings = try SettingValues(places.places(in: inside), in: inside)
        origin = FreshNamespaces.Origin(namespace)
    }
}

extension Link.Kind {
    /// The name of a link that there is one of, or that the kernel makes; nil for others.
    fileprivate var fixedName: InterfaceName? {
        switch self {
        case .loopback: "lo"
        case .ipip(let tunnel) where tunnel == IPIP(): "tunl0"
        default: nil
        }
    }
}

extension RouteBatch {
    /// Adds what makes a link of a sort. A veth has both of its ends in the namespace.
    ///
    /// - Parameter far: a veth's other end, where another of the sorts is it.
    fileprivate mutating func make(
        _ shape: FreshPlan.Shape, _ name: InterfaceName, _ names: [InterfaceName], _ place: Int, _ far: Link?,
        _ table: inout InterfaceTable, in namespace: borrowing NetworkNamespace
    ) throws(RequestError) {
        var link = Link(name, shape.kind, mtu: shape.mtu, isUp: shape.isUp)
        link.master = shape.master.map { names[$0] }
        let lower = shape.lower.map { names[$0] } ?? "lo"
        switch shape.kind {
        case .vlan(var vlan):
            vlan.parent = lower
            vlan.id = UInt16(place + 1)
            link.kind = .vlan(vlan)
        case .vxlan(var vxlan):
            vxlan.device = lower
            link.kind = .vxlan(vxlan)
        default: break
        }
        switch shape.kind {
        case .loopback: try configure(link, in: table)
        case .ipip where table[name] != nil, .veth where table[name] != nil: try configure(link, in: table)
        case .veth:
            let peer = far ?? Link(InterfaceName("far\(place)") ?? "far", .veth(peer: nil), mtu: shape.mtu)
            let (index, peerIndex) = (table.assign(name), table.assign(peer.name))
            try createVeth(
                link, index: index, peer: peer, peerIndex: peerIndex, peerNamespace: namespace.descriptor.number,
                in: table)
        default:
            let index = table.assign(name)
            try create(link, index: index, in: table)
        }
    }
}
