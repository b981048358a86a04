import Addresses
import Calico
import NetworkObjects
import Topology

extension Blueprint {
    /// Works out every kernel object of a topology.
    ///
    /// - Parameters:
    ///   - stopped: the pods that do not answer, and so are no endpoints of services.
    ///   - kept: what the running lab has been given.
    ///   - known: what was worked out of another blueprint of the lab.
    /// - Throws: `BlueprintError` with everything that is wrong with it, pods that do not run among it.
    public init(
        topology: Topology, features: KernelFeatures = .complete, stopped: Set<PodReference> = [],
        keeping kept: Allocations = .empty, knowing known: KnownServices? = nil
    ) throws(BlueprintError) {
        let placement = try Placement(topology, keeping: kept)
        let pending = placement.pending
        if !pending.isEmpty, !topology.allowsPendingPods { throw BlueprintError(pending.compactMap(\.problem)) }
        try self.init(
            topology: topology, placement: placement, features: features, stopped: stopped, keeping: kept,
            knowing: known)
    }

    /// Works out every kernel object of a topology whose pods are placed. Pods that are pending have no namespace.
    ///
    /// - Parameters:
    ///   - stopped: the pods that do not answer, and so are no endpoints of services.
    ///   - kept: what the running lab's services have been given.
    ///   - known: what was worked out of another blueprint of the lab.
    /// - Throws: `BlueprintError` with everything that is wrong with it.
    public init(
        topology: Topology, placement: Placement, features: KernelFeatures = .complete,
        stopped: Set<PodReference> = [], keeping kept: Allocations = .empty, knowing known: KnownServices? = nil
    ) throws(BlueprintError) {
        var problems: [BlueprintError.Problem] = []
        let cabling = Cabling(topology, features, problems: &problems)
        let clusterRoutes = ClusterRoutes(
            placement, features, hidden: Set(topology.cluster.pools.filter(\.disablesBGPExport).map(\.name)))
        self.init(lab: topology.name, namespaces: [])
        notes = PoolNotes.notes(topology, placement, clusterRoutes, features)
        allowsUnreachable = topology.allowsPendingPods
        kubernetesNamespaces = topology.kubernetesNamespaces
        hasServiceProxy = topology.cluster.kubeProxyMode != .none
        clusterPrefixes = topology.cluster.clusterPrefixes
        zones = topology.zones
        stoppedPods = stopped
        pendingPods = placement.pending.compactMap { pod in
            pod.pendingReason.map { PendingPod(pod: pod.reference, node: pod.node, reason: $0) }
        }
        notes += cabling.tagged.notes
        var announcements = ServiceAnnouncements(topology, [])
        do throws(BlueprintError) {
            services = try ClusterService.all(of: topology, placement, keeping: kept)
            allocations = placement.allocations
            for service in services { allocations.services[service.key] = Allocations.Service(service) }
            announcements = ServiceAnnouncements(topology, services)
            if !stopped.isEmpty { services = services.map { $0.stopping(stopped) } }
        } catch {
            problems += error.problems
        }
        addRouters(of: topology, cabling, clusterRoutes, announcements, features, problems: &problems)
        for network in topology.networks {
            namespaces.append(
                Namespace(
                    name: network.name, kind: .network, addresses: network.addresses.map(\.address).sorted(),
                    content: NamespaceContent(network, cabling)))
        }
        let proxy = known?.proxy(services, topology) ?? ServiceProxy(services, topology)
        addNodesAndPods(of: topology, placement, cabling, clusterRoutes, proxy, features, problems: &problems)
        notes += namespaces.flatMap { namespace in
            namespace.aliases.map { "\($0) is in \(namespace.name)'s network namespace, and both names mean it." }
        }
        addConditions(of: topology, features, problems: &problems)
        if !problems.isEmpty { throw BlueprintError(problems) }
        chooseHardwareAddresses()
        if kept.permanentNeighbours == true { makeNeighboursPermanent() }
    }

    private mutating func addRouters(
        of topology: Topology, _ cabling: Cabling, _ clusterRoutes: ClusterRoutes,
        _ announcements: ServiceAnnouncements, _ features: KernelFeatures, problems: inout [BlueprintError.Problem]
    ) {
        for router in topology.routers {
            var content = RouterContent(router, cabling, features, problems: &problems)
            content.addAnnounced(clusterRoutes.announced(to: router, content.nextHops))
            let services = announcements.routes(of: router, content.nextHops)
            content.addAnnounced(services.routes)
            notes += content.notes + services.notes
            var namespace = Namespace(
                name: router.name, kind: .router, hostname: router.hostname, addresses: router.allAddresses,
                content: content.content)
            namespace.setManagement(topology.managementAddresses(of: router.name))
            namespace.binds = router.binds
            namespace.aliases = router.aliases
            namespaces.append(namespace)
        }
    }

    private mutating func addNodesAndPods(
        of topology: Topology, _ placement: Placement, _ cabling: Cabling, _ clusterRoutes: ClusterRoutes,
        _ proxy: ServiceProxy, _ features: KernelFeatures, problems: inout [BlueprintError.Problem]
    ) {
        let running = placement.pods.filter { $0.pendingReason == nil }
        let podsByNode = Dictionary(grouping: running, by: { $0.node ?? "" })
        let blocksByNode = Dictionary(grouping: placement.blocks, by: \.node)
        let nat = AddressFamily.allCases.compactMap { OutgoingNAT($0, topology.cluster.pools) }
        var podMTUs: [String: UInt32] = [:]
        for (index, node) in topology.nodes.enumerated() {
            let placed = placement.nodes[index]
            var part = NodeContent(node, placed, topology, cabling, features, problems: &problems)
            clusterRoutes.add(to: &part.content, of: index, part.nextHops, notes: &part.notes)
            part.addBlackholes(blocksByNode[node.name, default: []])
            let pods = podsByNode[node.name, default: []]
            for pod in pods where !pod.usesHostNetwork { part.add(pod) }
            part.content.outgoingNAT = nat
            // As kube-proxy, which goes without a family that the kernel cannot translate.
            let proxied = proxy.tables(on: placed).filter { table in
                !table.isIdle || features.contains(table.family == .ip6 ? .natIPv6 : .natIPv4)
            }
            part.content.tables = nat.map(\.table) + proxied + HostPorts(pods).tables
            podMTUs[node.name] = part.podMTU
            notes += part.notes
            var namespace = Namespace(
                name: node.name, kind: .node, addresses: placed.addresses.map(\.address.address),
                content: part.content)
            namespace.hostPods = pods.filter(\.usesHostNetwork).map { pod in
                HostPod(
                    pod: pod.reference, ports: pod.ports, resolver: pod.resolver(topology.cluster.serviceSubnets),
                    hostAliases: pod.hostAliases)
            }
            namespace.commands = node.commands
            namespace.environment = node.environment
            if let before = node.beforeCommands, !node.commands.isEmpty {
                namespace.contentBeforeCommands = part.content.before(
                    HostContent(node, before, cabling, features),
                    instead: HostContent(node, node.configuration, cabling, features))
            }
            namespace.binds = node.binds
            namespace.aliases = node.aliases
            namespaces.append(namespace)
        }
        for host in topology.hosts {
            let content = NamespaceContent(host, cabling, features, notes: &notes, problems: &problems)
            var namespace = Namespace(
                name: host.name, kind: .host, hostname: host.hostname, addresses: host.allAddresses, content: content)
            namespace.setManagement(topology.managementAddresses(of: host.name))
            namespace.commands = host.commands
            namespace.environment = host.environment
            namespace.binds = host.binds
            namespace.aliases = host.aliases
            namespaces.append(namespace)
        }
        for pod in running where !pod.usesHostNetwork {
            guard let node = pod.node, let mtu = podMTUs[node] else { continue }
            var namespace = Namespace(
                name: pod.networkNamespace, kind: .pod,
                hostname: pod.hostname ?? PodName.hostname(ofPod: pod.name), node: node, addresses: pod.addresses,
                resolver: pod.resolver(topology.cluster.serviceSubnets),
                content: NamespaceContent(pod, on: node, mtu: mtu))
            namespace.pod = pod.reference
            namespace.domain = pod.subdomain.map { "\($0).\(pod.namespace).svc.cluster.local" }
            namespace.ports = pod.ports
            namespace.hostAliases = pod.hostAliases
            namespaces.append(namespace)
        }
    }
}

extension Placement.Pod {
    /// The problem that a pending pod is where every pod has to run.
    var problem: BlueprintError.Problem? {
        pendingReason.map { .pod(namespace: namespace, name: name, $0) }
    }
}

extension Host {
    /// Its interfaces' addresses, IPv4 before IPv6.
    var allAddresses: [IPAddress] {
        let all = interfaces.flatMap(\.addresses)
        return AddressFamily.allCases.flatMap { family in all.filter { $0.family == family }.map(\.address) }
    }
}

extension Router {
    /// The loopbacks' addresses, then the SVIs' and ports'; IPv4 before IPv6.
    var allAddresses: [IPAddress] {
        let ports = ports.flatMap { port -> [InterfaceAddress] in
            guard case .routed(let addresses, let subinterfaces) = port.mode else { return [] }
            return addresses + subinterfaces.flatMap(\.addresses)
        }
        let all = loopbacks.flatMap(\.addresses) + vlans.flatMap(\.addresses) + ports
        return AddressFamily.allCases.flatMap { family in all.filter { $0.family == family }.map(\.address) }
    }
}

extension Topology {
    /// The Kubernetes namespaces that exist, each once: those of every cluster, those that were asked for, and those that
    /// something is in.
    fileprivate var kubernetesNamespaces: [String] {
        var seen: Set<String> = []
        let standard = ["default", "kube-node-lease", "kube-public", "kube-system"]
        return (standard + cluster.namespaces + workloads.map(\.namespace) + services.map(\.namespace))
            .filter { seen.insert($0).inserted }
    }
}

extension Topology {
    /// The addresses that a device has on management networks.
    fileprivate func managementAddresses(of device: String) -> Set<IPAddress> {
        let networks = Set(networks.filter(\.isManagement).map(\.name))
        if networks.isEmpty { return [] }
        let ends = cables.flatMap(\.ends).filter { end in
            end.device == device
                && cables.contains { $0.end(oppositeTo: end).map { networks.contains($0.device) } ?? false }
        }
        let interfaces = Set(ends.map(\.interface))
        let ports = routers.first { $0.name == device }?.ports.filter { interfaces.contains($0.name) } ?? []
        let routed = ports.flatMap { port -> [InterfaceAddress] in
            if case .routed(let addresses, _) = port.mode { addresses } else { [] }
        }
        let own = hosts.first { $0.name == device }?.interfaces.filter { interfaces.contains($0.name) } ?? []
        return Set((routed + own.flatMap(\.addresses)).map(\.address))
    }
}

extension Blueprint.Namespace {
    /// Tells addresses on management networks from others.
    fileprivate mutating func setManagement(_ addresses: Set<IPAddress>) {
        if addresses.isEmpty { return }
        managementAddresses = addresses
        self.addresses = self.addresses.filter { !addresses.contains($0) } + self.addresses.filter(addresses.contains)
    }
}
