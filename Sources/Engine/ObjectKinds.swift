import Blueprint
import NetworkObjects

/// The kinds of objects that a namespace holds, in the one order that the kernel takes them: each after those that it stands
/// on. They are made in this order and removed in the opposite one.
///
/// A kind that stands here is observed, compared, made and removed: `verify`, `up`, `--dry-run` and `reset` know it.
enum ObjectKinds {
    static let all: [any NetworkObject.Type] = [
        Link.self, LinkAttribute.self, DriverSetting.self, BridgeVLAN.self, Sysctl.self, DeviceAddress.self, Route.self,
        RoutingRule.self, AddressLabel.self,
        Neighbour.self, ProxyNeighbour.self, ForwardingEntry.self, Qdisc.self, RuleTable.self, LegacyTable.self,
        OpaqueObject.self,
    ]

    private static let ranks = Dictionary(uniqueKeysWithValues: all.enumerated().map { (ObjectIdentifier($1), $0) })

    /// A kind's place in the order.
    static func rank(of kind: any NetworkObject.Type) -> Int { ranks[ObjectIdentifier(kind)] ?? all.count }
}

extension KernelObject {
    /// The place of the object's kind in the order.
    var rank: Int { ObjectKinds.rank(of: type(of: value)) }
}

extension NamespaceContent {
    /// All objects but the tables, in the order they are made.
    var objects: [KernelObject] { lists.objects(of: ObjectKinds.all) }

    /// How many objects these are.
    var objectCount: Int { lists.count + tables.count + listedTables.count }
}

extension Blueprint {
    /// How many objects the lab consists of.
    public var objectCount: Int { namespaces.reduce(0) { $0 + $1.content.objectCount } }
}
