import Addresses
import NetworkObjects
import Topology

/// What nodes tell routers of services' addresses (confd/pkg/backends/calico/routes.go): of the ranges, every node that is not
/// excluded; of a service that only its pods' own nodes answer for from outside, those nodes, each address by itself.
struct ServiceAnnouncements {
    /// A prefix, and the nodes that tell of it.
    private struct Announcement {
        var prefix: Prefix
        var nodes: Set<String>
    }

    private var announcements: [Announcement] = []

    /// The label of nodes that tell of no service; its value is `true`.
    static let exclusion = "node.kubernetes.io/exclude-from-external-load-balancers"

    /// EOS's administrative distance of what BGP brings.
    private static let distance: UInt32 = 200

    /// - Parameter services: with their endpoints, whether those answer just now or not.
    init(_ topology: Topology, _ services: [ClusterService]) {
        let ranges = topology.cluster.advertisedServices
        if ranges.isEmpty { return }
        let nodes = Set(topology.nodes.filter { $0.allLabels[Self.exclusion] != "true" }.map(\.name))
        for range in ranges where range.length < range.family.bits { announce(range, by: nodes) }
        for service in services {
            for address in service.clusterAddresses + service.externalAddresses {
                guard let range = ranges.first(where: { $0.contains(address) }) else { continue }
                let endpoints = service.endpoints.filter { $0.address.family == address.family }
                if service.isExternallyLocal {
                    announce(address.hostPrefix, by: nodes.intersection(endpoints.map(\.node)))
                } else if range.length == range.family.bits, !endpoints.isEmpty {
                    // A range of one address is told of for its service's sake.
                    announce(address.hostPrefix, by: nodes)
                }
            }
        }
    }

    private mutating func announce(_ prefix: Prefix, by nodes: Set<String>) {
        if let index = announcements.firstIndex(where: { $0.prefix == prefix }) {
            announcements[index].nodes.formUnion(nodes)
        } else {
            announcements.append(Announcement(prefix: prefix, nodes: nodes))
        }
    }

    /// The routes that a router makes of what it hears: over all of the nearest nodes that tell of a prefix, as far as it takes
    /// several ways.
    ///
    /// - Parameter nextHops: its ways out.
    func routes(of router: Router, _ nextHops: NextHops) -> (routes: [Route], notes: [String]) {
        var (routes, notes) = ([Route](), [String]())
        for announcement in announcements {
            let heard = router.learnedNodes.filter {
                announcement.nodes.contains($0.node) && $0.gateway.family == announcement.prefix.family
            }
            let nearest = heard.map(\.steps).min()
            let gateways = Set(heard.filter { $0.steps == nearest }.map(\.gateway)).sorted()
            let ways = gateways.compactMap { nextHops.hop(to: $0) }
            if ways.count > router.maximumPaths {
                notes.append(
                    "\(router.name) takes \(router.maximumPaths) of \(ways.count) equal ways to \(announcement.prefix): "
                        + "its BGP has maximum-paths \(router.maximumPaths).")
            }
            guard let first = ways.first else { continue }
            var route = Route(
                announcement.prefix, via: first.gateway, device: first.device,
                metric: Route.metric(Self.distance, announcement.prefix.family), origin: .bgp)
            let taken = ways.prefix(router.maximumPaths)
            if taken.count > 1 {
                route.nextHops = taken.map { Route.NextHop(via: $0.gateway, device: $0.device) }
                (route.gateway, route.device) = (nil, nil)
            }
            routes.append(route)
        }
        return (routes, notes)
    }
}
