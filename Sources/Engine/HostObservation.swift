import Addresses
import Blueprint
import NetworkNamespaces
import NetworkObjects
import Nftables
import Rtnetlink

/// What a host's namespace was seen to hold when its commands began, or after one of them.
struct HostObservation: Sendable {
    /// The objects that somebody installed, by what makes them the same.
    private(set) var objects: [KernelObject.Identity: [KernelObject]]
    /// The number of the rule set; nil where the kernel has none.
    private var generation: UInt32?

    /// Looks at a namespace.
    ///
    /// - Parameter former: what was seen of it before; then rules are read only if they have changed.
    init(
        _ session: Session, for wanted: NamespaceContent, since former: HostObservation?,
        in inside: borrowing InsideNamespace
    ) throws {
        let seen = try session.observe(for: wanted, everything: true, families: Set(AddressFamily.allCases), in: inside)
        generation = try Nftables.generation(in: inside)
        var all = seen.content.objects.filter { !($0.value is Sysctl) && !$0.isPassing }
        if let former, former.generation == generation {
            all += former.objects.values.joined().filter { $0.value is RuleTable }
        } else if generation != nil, generation != Nftables.untouchedGeneration {
            all += try Nftables.listing(in: inside).tables.map { KernelObject($0) }
        }
        objects = Dictionary(grouping: all, by: \.identity)
    }
}

extension KernelObject {
    /// Whether it goes by itself: an address or a route with a lifetime.
    fileprivate var isPassing: Bool {
        switch value {
        case let address as DeviceAddress: address.flags.contains(.temporary)
        case let route as Route: route.expires
        default: false
        }
    }
}
