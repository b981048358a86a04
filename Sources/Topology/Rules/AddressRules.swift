import Addresses

/// Rules of the addresses of interfaces: each one a host's, each once, and each in a subnet that its broadcast domain has.
extension TopologyCheck {
    mutating func addresses() {
        var seen: [Occurrence: (place: AddressedInterface.Place, index: Int)] = [:]
        for (number, interface) in interfaces.enumerated() {
            for (index, address) in interface.addresses.enumerated() {
                hostAddress(address, interface.place, index)
                // A link-local address is one of its own on every segment (RFC 4291, 2.5.6; RFC 3927).
                let domain = address.address.isLinkLocal ? domainOfInterface[number] : -1
                let occurrence = Occurrence(address: address.address, domain: domain)
                if let first = seen[occurrence] {
                    reportTolerable(
                        topology.path(of: interface.place, address: index),
                        "\(address.address) is already an address of \(topology.title(of: first.place)) "
                            + "(\(topology.path(of: first.place, address: first.index)))")
                } else {
                    seen[occurrence] = (interface.place, index)
                }
            }
        }
        nodeAddresses()
    }

    private struct Occurrence: Hashable {
        var address: IPAddress
        var domain: Int
    }

    private mutating func hostAddress(_ address: InterfaceAddress, _ place: AddressedInterface.Place, _ index: Int) {
        guard let sentence = notAHost(address) else { return }
        let path = topology.path(of: place, address: index)
        // The kernel takes what is no host's address, but not what is no unicast address.
        if notUnicast(address.address) == nil { reportTolerable(path, sentence) } else { report(path, sentence) }
    }

    private func notAHost(_ address: InterfaceAddress) -> String? {
        if let fault = notUnicast(address.address) {
            return "\(address.address) is \(fault); a host needs one of its own"
        }
        // RFC 3021: a /31 has neither; RFC 1122, 3.2.1.3 for the others.
        guard address.family == .ipv4, address.prefixLength < 31 else { return nil }
        let prefix = address.prefix
        if address.address == prefix.address {
            return "\(address.address) is the network address of \(prefix); the first host is "
                + "\(prefix.address(at: 1).map(\.description) ?? "")"
        }
        if address.address == prefix.lastAddress {
            return "\(address.address) is the broadcast address of \(prefix); hosts end below it"
        }
        return nil
    }

    /// The addresses that nodes are known by in the cluster.
    private mutating func nodeAddresses() {
        for node in topology.nodes {
            for (index, address) in node.nodeAddresses.enumerated() {
                let path = Self.nodes[node.name]["nodeAddresses"][index]
                if !node.interfaces.contains(where: { $0.addresses.contains { $0.address == address } }) {
                    report(path, "\(address) is on none of \(node.name)'s interfaces")
                }
                if node.nodeAddresses[..<index].contains(where: { $0.family == address.family }) {
                    report(path, "a node is known by one \(address.family) address at most")
                }
            }
        }
    }

    /// Each node's addresses against those that the other end of its cable has; and the subnets of one router against
    /// each other.
    mutating func subnets() {
        var served: [Int: [Int]] = [:]
        for (number, interface) in interfaces.enumerated() where !interface.addresses.isEmpty {
            switch interface.place {
            case .svi, .port, .subinterface, .network: served[domainOfInterface[number], default: []].append(number)
            case .loopback, .interface: break
            }
        }
        var prefixes: [Int: Set<Prefix>] = [:]
        for (domain, numbers) in served {
            prefixes[domain] = Set(numbers.flatMap { interfaces[$0].addresses.map(\.prefix) })
        }
        for (number, interface) in interfaces.enumerated() {
            switch interface.place {
            case .interface: break
            case .svi, .port, .subinterface, .loopback, .network: continue
            }
            guard let known = prefixes[domainOfInterface[number]] else { continue }
            for (index, address) in interface.addresses.enumerated() where !address.address.isLinkLocal {
                // A hit needs no search for others of the family.
                if known.contains(address.prefix)
                    || !known.contains(where: { $0.family == address.family && !$0.address.isLinkLocal })
                {
                    continue
                }
                reportTolerable(
                    topology.path(of: interface.place, address: index),
                    notServed(address, by: served[domainOfInterface[number]] ?? []))
            }
        }
        overlappingSubnets()
    }

    private func notServed(_ address: InterfaceAddress, by servers: [Int]) -> String {
        let others = servers.flatMap { server in
            interfaces[server].addresses.filter { $0.family == address.family }.map { (interfaces[server].place, $0) }
        }
        if let (place, near) = others.first(where: { $0.1.prefix.contains(address.address) }) {
            return "\(address) has another prefix length than \(topology.title(of: place)), which has \(near); "
                + "write \(address.address)/\(near.prefixLength)"
        }
        let list = others.prefix(3).map { "\(topology.title(of: $0.0)) has \($0.1)" }.joined(separator: ", ")
        return "\(address) is in no subnet of its cable's other side: \(list)"
    }

    private mutating func overlappingSubnets() {
        struct Subnet {
            var prefix: Prefix
            var place: AddressedInterface.Place
            var index: Int
        }
        var byRouter: [Int: [Subnet]] = [:]
        for interface in interfaces {
            guard case .router(let router) = interface.device else { continue }
            if case .loopback = interface.place { continue }
            for (index, address) in interface.addresses.enumerated() where !address.address.isLinkLocal {
                byRouter[router, default: []].append(
                    Subnet(prefix: address.prefix, place: interface.place, index: index))
            }
        }
        for router in topology.routers.indices {
            guard let subnets = byRouter[router] else { continue }
            for (inner, outer) in overlaps(subnets.map(\.prefix), conflict: { subnets[$0].place != subnets[$1].place })
            {
                let (late, early) = inner > outer ? (subnets[inner], subnets[outer]) : (subnets[outer], subnets[inner])
                reportTolerable(
                    topology.path(of: late.place, address: late.index),
                    "\(late.prefix) overlaps \(early.prefix) of \(topology.title(of: early.place)); "
                        + "a router cannot tell which way to send")
            }
        }
    }
}

/// What an address is that no interface can have as its own; nil for a unicast address.
func notUnicast(_ address: IPAddress) -> String? {
    switch address {
    case .v4(let address):
        switch address.value >> 24 {
        case 0: "of the network 0.0.0.0/8, which names no host"
        case 127: "a loopback address, which every host has"
        case 224..<240: "a multicast address"
        default: address.value == .max ? "the broadcast address" : nil
        }
    case .v6(let address):
        address.value == 0
            ? "the unspecified address"
            : address.value == 1
                ? "the loopback address, which every host has"
                : address.value >> 120 == 0xff ? "a multicast address" : nil
    }
}

/// The pairs of prefixes that overlap and are in conflict: for each prefix the narrowest other one that holds it.
///
/// Prefixes either nest or have nothing in common, so in sorted order those that hold the current one are a stack.
func overlaps(_ prefixes: [Prefix], conflict: (Int, Int) -> Bool) -> [(inner: Int, outer: Int)] {
    let order = prefixes.indices.sorted { (prefixes[$0], $0) < (prefixes[$1], $1) }
    var enclosing: [Int] = []
    var result: [(Int, Int)] = []
    for index in order {
        while let last = enclosing.last, !prefixes[last].contains(prefixes[index]) { enclosing.removeLast() }
        if let outer = enclosing.last(where: { conflict(index, $0) }) { result.append((index, outer)) }
        enclosing.append(index)
    }
    return result
}
