import Addresses
import Blueprint
import Engine
import Glibc
import NetworkObjects
import Rtnetlink
import ShowCommands
import System
import Topology

/// A `show` command of a switch: see `ShowCommands`.
public typealias ShowCommand = ShowCommands.ShowCommand
/// What a line that stands for no command is: see `ShowCommands`.
public typealias CommandError = ShowCommands.CommandError
/// What a router answers: see `ShowCommands`.
public typealias ShowAnswer = ShowCommands.ShowAnswer
/// A word that may come next: see `ShowCommands`.
public typealias Suggestion = ShowCommands.Suggestion

extension Lab {
    /// What a router answers to a `show` command, from what the kernel has there now.
    ///
    /// - Parameter router: its name, in any form that `nslab exec` takes.
    public func show(_ command: ShowCommand, on router: String) throws(NSLabError) -> ShowAnswer {
        try reportingErrors {
            let entry = try running.router(named: router)
            return ShowAnswer(command, try tables(of: entry, reading: command.reads))
        }
    }

    /// What a router's namespace holds now, read from the kernel, with the names that only the topology knows.
    private func tables(of entry: Journal.Entry, reading reads: Set<RouterTable>) throws -> RouterTables {
        let topology = try running.topology
        let router = topology.routers.first { $0.name == entry.name }
        var tables = try running.read(entry) { socket in
            var tables = RouterTables(links: try socket.links())
            // All links of a router are alike in this, but for who changed one by hand.
            let links = tables.links.filter { $0.link.kind != .loopback }
            tables.forwards = []
            if links.contains(where: { $0[.forwarding] == 1 }) { tables.forwards.insert(.ipv4) }
            if links.contains(where: { $0.forwardsIPv6 == true }) { tables.forwards.insert(.ipv6) }
            let interfaces = InterfaceTable(tables.links)
            if reads.contains(.addresses) { tables.addresses = try socket.observedAddresses(in: interfaces) }
            if reads.contains(.routes) { tables.routes = try socket.routes(in: interfaces) }
            if reads.contains(.neighbours) { tables.neighbours = try socket.agedNeighbours(in: interfaces) }
            if reads.contains(.forwarding) { tables.forwarding = try socket.agedForwardingEntries(in: interfaces) }
            if reads.contains(.vlans) { tables.vlans = try socket.bridgeVLANs(in: interfaces) }
            if reads.contains(.counters) { tables.counters = try socket.linkCounters() }
            if reads.contains(.earlierCounters) {
                let before = (counters: tables.counters, time: ContinuousClock.now)
                usleep(1_000_000)
                tables.counters = try socket.linkCounters()
                tables.earlierCounters = (before.counters, (ContinuousClock.now - before.time) / .seconds(1))
            }
            return tables
        }
        tables.now = Self.now
        tables.hostname = router?.hostname ?? entry.name
        if reads.contains(.machine) { tables.machine = try RouterTables.Machine() }
        if reads.contains(.cables) { tables.farEnds = farEnds(of: entry.name, topology) }
        if let router {
            tables.addNames(of: router)
            tables.protocols = Self.protocols(of: router, topology, withSpeakers: reads.contains(.speakers))
        }
        return tables
    }

    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The ends of a router's cables that are in other routers.
    private func farEnds(of name: String, _ topology: Topology) -> [InterfaceName: RouterTables.FarEnd] {
        let hostnames = Dictionary(
            topology.routers.map { ($0.name, $0.hostname) }, uniquingKeysWith: { first, _ in first })
        var ends: [InterfaceName: RouterTables.FarEnd] = [:]
        for link in running.blueprint.namespaces.first(where: { $0.name == name })?.content.links ?? [] {
            guard case .veth(let peer?) = link.kind, let hostname = hostnames[peer.namespace] else { continue }
            ends[link.name] = .init(hostname: hostname, port: peer.name)
        }
        return ends
    }

    /// What a router's routing protocols are configured for, and who speaks them with it.
    private static func protocols(of router: Router, _ topology: Topology, withSpeakers: Bool) -> RoutingProtocols {
        var own = RoutingProtocols(lines: router.protocolLines)
        guard withSpeakers else { return own }
        var speakers: [IPAddress: RoutingProtocols.Speaker] = [:]
        var ospf: [RoutingProtocols.OSPFNeighbour] = []
        let addresses = router.addressedInterfaces
        for other in topology.routers where other.name != router.name {
            let theirs = RoutingProtocols(lines: other.protocolLines)
            for (interface, far) in other.addressedInterfaces {
                // Neighbours are on a network that both are on, or name each other's addresses anywhere.
                let near = addresses.filter {
                    $0.address.prefix == far.prefix || theirs.speaksBGP(with: $0.address.address)
                }
                for (name, address) in near {
                    if own.speaksBGP(with: far.address), theirs.speaksBGP(with: address.address) {
                        speakers[far.address] = .init(
                            autonomousSystem: theirs.bgp?.autonomousSystem, routerID: theirs.bgp?.routerID)
                    }
                    if address.prefix == far.prefix, own.runsOSPF(name, address.address),
                        theirs.runsOSPF(interface, far.address)
                    {
                        let identity = theirs.ospf?.routerID ?? other.highestAddress
                        ospf.append(.init(routerID: identity, address: far.address))
                    }
                }
            }
        }
        // Nodes of the cluster, from which the router hears of their blocks.
        for node in router.learnedNodes where node.steps == 1 && own.speaksBGP(with: node.gateway) {
            if speakers[node.gateway] == nil {
                speakers[node.gateway] = .init(autonomousSystem: nil, routerID: node.gateway.ipv4)
            }
        }
        own.add(speakers: speakers)
        own.add(ospfNeighbours: ospf)
        return own
    }

    /// The whole name of a router.
    public func routerName(_ router: String) throws(NSLabError) -> String {
        try reportingErrors { try running.router(named: router).name }
    }

    /// The routers of the only running lab, for completion; empty where they cannot be read.
    public static func routerNames() -> [String] {
        guard let running = try? RunningLab() else { return [] }
        return running.journal.namespaces.filter { $0.kind == "router" }.map(\.name)
    }
}

extension Router {
    /// Its addresses with the interfaces that have them, by EOS' names.
    fileprivate var addressedInterfaces: [(name: String, address: InterfaceAddress)] {
        var all = vlans.flatMap { vlan in vlan.addresses.map { ("Vlan\(vlan.id)", $0) } }
        for port in ports {
            guard case .routed(let addresses, let subinterfaces) = port.mode,
                let name = InterfaceName(port.name).map({ "\(PortName(kernel: $0))" })
            else { continue }
            all += addresses.map { (name, $0) }
            all += subinterfaces.flatMap { sub in sub.addresses.map { ("\(name).\(sub.number)", $0) } }
        }
        return all + loopbacks.flatMap { loopback in loopback.addresses.map { (loopback.name, $0) } }
    }

    /// What OSPF calls a router that was given no other identity.
    fileprivate var highestAddress: IPv4Address {
        let loopbacks = loopbacks.flatMap(\.addresses).compactMap(\.address.ipv4)
        let all = loopbacks.isEmpty ? addressedInterfaces.compactMap(\.address.address.ipv4) : loopbacks
        return all.max { $0.value < $1.value } ?? IPv4Address(0)
    }
}

extension IPAddress {
    fileprivate var ipv4: IPv4Address? { if case .v4(let address) = self { address } else { nil } }
}

extension RouterTables {
    /// What only the topology says: names, what is in a port channel, what routing protocols bring besides the route.
    fileprivate mutating func addNames(of router: Router) {
        for vlan in router.vlans {
            vlanNames[vlan.id] = vlan.name
            if !vlan.addresses.isEmpty { routedVLANs.insert(vlan.id) }
        }
        for port in router.ports {
            guard let channel = port.channel, let name = InterfaceName(port.name) else { continue }
            let carrier = router.ports.first { $0.channel == channel && !$0.isShutdown }
            let known = router.channels.first { $0.number == channel }
            bundles[name] = .init(
                channel, carrier: carrier.flatMap { InterfaceName($0.name) } ?? name, description: known?.description)
            bundles[name]?.isStatic = known?.isStatic ?? false
        }
        for route in router.routes {
            switch route.source {
            case .written: break
            case .externalBGP: learned[route.destination] = .external
            case .internalBGP: learned[route.destination] = .internal
            case .ospf(let cost): learned[route.destination] = .ospf(cost: cost)
            }
        }
        for loopback in router.loopbacks {
            loopbackNames[loopback.name] = .some(loopback.description)
            for address in loopback.addresses { loopbacks[address.address] = loopback.name }
        }
    }
}

extension RouterTables.Machine {
    /// What the kernel says of itself (uname(2), proc(5)).
    fileprivate init() throws(SystemCallError) {
        var name = utsname()
        uname(&name)
        func text<Field>(_ field: Field) -> String {
            withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        func file(_ path: String) throws(SystemCallError) -> String {
            String(decoding: try FileDescriptor(opening: path, O_RDONLY).readAll(path, limit: 64 << 10), as: UTF8.self)
        }
        let uptime = try file("/proc/uptime").split(separator: " ").first.flatMap { Double($0) } ?? 0
        let memory = try file("/proc/meminfo").split(separator: "\n").map { $0.split(separator: " ") }
        func kilobytes(_ field: String) -> Int {
            memory.first { $0.first == "\(field):" }.flatMap { $0.count > 1 ? Int($0[1]) : nil } ?? 0
        }
        self.init(
            kernel: text(name.release), architecture: text(name.machine), uptime: uptime,
            totalMemory: kilobytes("MemTotal"), freeMemory: kilobytes("MemFree"),
            software: NSLabVersion.number)
        load = try file("/proc/loadavg").split(separator: " ").prefix(3).compactMap { Double($0) }
    }
}

/// The version of this library and of the command line.
public enum NSLabVersion {
    public static let number = "0.1.0"
}
