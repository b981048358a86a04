import Addresses
import NetworkObjects

extension Blueprint {
    /// Has every neighbour that the lab knows by itself installed as a permanent entry.
    ///
    /// For labs that would learn more neighbours than the kernel keeps: it bounds those of all namespaces together by
    /// `gc_thresh3`, and counts no permanent ones (`neigh_alloc` in net/core/neighbour.c). Who does not forward asks for no
    /// routers then: whoever hears that learns a neighbour.
    public mutating func makeNeighboursPermanent() {
        allocations.permanentNeighbours = true
        for index in namespaces.indices {
            if [.pod, .host].contains(namespaces[index].kind) {
                namespaces[index].content.sysctls.insert(contentsOf: KernelSettings.noSolicitations, at: 0)
            }
        }
        let simulator = PacketSimulator(self)
        for index in namespaces.indices {
            let known = Set(namespaces[index].content.neighbours.map(\.identity))
            let found = simulator.neighbours(of: index, namespaces[index].content)
            namespaces[index].content.neighbours += found.filter { !known.contains($0.identity) }
        }
        notes.append(
            "This machine's kernel keeps fewer learned neighbours than the lab could have (gc_thresh3), so those within "
                + "the lab are permanent entries.")
    }
}

extension PacketSimulator {
    /// The neighbours that a namespace can ask for: who has an address of a subnet of its own on the same segment, and the next
    /// hops and hosts of its routes.
    fileprivate func neighbours(of index: Int, _ content: NamespaceContent) -> [Neighbour] {
        let links = tables[index].links
        var found: [Neighbour] = []
        var seen: Set<Neighbour.Identity> = []
        func add(_ address: IPAddress, on device: InterfaceName, _ end: LinkID) {
            guard let mac = domains.ports[end].mac else { return }
            let neighbour = Neighbour(device, address, mac: mac)
            if seen.insert(neighbour.identity).inserted { found.append(neighbour) }
        }
        for address in content.addresses where address.address.prefixLength < address.address.family.bits {
            guard let link = links[address.device] else { continue }
            for end in domains.ends(heardBy: link) {
                for other in linkAddresses[end] where address.address.prefix.contains(other) {
                    add(other, on: address.device, end)
                }
            }
        }
        for route in content.routes.lazy.flatMap(\.ways) {
            guard let device = route.device, let link = links[device] else { continue }
            let host = route.destination.length == route.destination.family.bits ? route.destination.address : nil
            if let target = route.gateway ?? host, let end = answer(for: target, on: link) {
                add(target, on: device, end)
            }
        }
        return found
    }
}

extension BroadcastDomains {
    /// The other ends that hear what a link sends.
    fileprivate func ends(heardBy link: LinkID) -> [LinkID] {
        switch reach[link] {
        case .nobody: []
        case .one(let end): [end]
        case .segment(let number): segments[number].all.filter { $0 != link }
        }
    }
}
