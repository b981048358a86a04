import Addresses
import Topology

/// Puts what a folder's files say together into one topology.
struct TopologyBuilder {
    /// The folder's documents, read.
    let documents: FolderDocuments
    var diagnostics: Diagnostics
    private(set) var topology: Topology
    /// Where each device, workload and service was written.
    private(set) var places = Places()
    /// The nodes of containerlab's that have a network namespace of their own.
    private var containerlabNodes: [ContainerlabTopology.Node] = []
    /// The names that devices have in the topology, by containerlab's.
    private var names: [String: String] = [:]
    /// By device, the names of the machines that live in its network namespace.
    private var aliases: [String: [String]] = [:]
    /// By containerlab's names of bridges that are inside of a machine (`br|NODE`): the machine, and the bridge's name in there.
    private(set) var innerBridges: [String: (device: String, name: String)] = [:]

    /// By containerlab's names of nodes, the moments that their commands are for.
    private var moments: [String: [ContainerlabStage.Moment]] = [:]

    /// Where things were written, by name.
    struct Places {
        var devices: [String: SourceLine] = [:]
        var workloads: [SourceLine] = []
        var services: [SourceLine] = []
        var cables: [SourceLine] = []
        var pools: [String: SourceLine] = [:]
    }

    init(_ documents: FolderDocuments, labName: String, _ diagnostics: Diagnostics) {
        self.documents = documents
        self.diagnostics = diagnostics
        topology = Topology(name: labName, allowsPendingPods: true)
    }

    /// Builds the topology. It may have problems still: see `validate()`.
    mutating func build() {
        nameDevices()
        let links = usableLinks()
        addRouters(links)
        addNetworks()
        addNodes(links)
        addHosts(links)
        addWaits()
        addCables(links)
        addToolNetworks()
        addBinds()
        let cluster = ClusterBuilder(documents.kind, documents.calico, &diagnostics)
        topology.cluster = cluster.cluster
        places.pools = cluster.poolPlaces
        chooseNodeAddresses()
        addLearnedRoutes()
        addWorkloads()
        addServices()
        inferPorts()
        warnOfBGP()
    }

    // MARK: Devices

    /// What a device is called in the topology; nil for one that is none, such as a whole cluster.
    func deviceName(_ written: String) -> String? { names[written] }

    /// The names of the cluster's nodes, as kind gives them.
    var nodeNames: [String] { documents.kind?.nodeNames(cluster: documents.clusterName) ?? [] }

    private mutating func nameDevices() {
        let shared = SharedNamespaces(
            documents.containerlab?.nodes ?? [], lab: documents.containerlab?.name?.value ?? "", cluster: nodeNames,
            &diagnostics)
        containerlabNodes = shared.nodes
        var taken: Set<String> = Set(nodeNames)
        for node in containerlabNodes {
            if nodeNames.contains(node.name) {
                names[node.name] = node.name
                continue
            }
            if node.kind == "k8s-kind" { continue }
            var name = DeviceName.label(node.name)
            if !taken.insert(name).inserted {
                var number = 2
                while !taken.insert("\(name)-\(number)").inserted { number += 1 }
                name += "-\(number)"
            }
            if name != node.name {
                diagnostics.warn(at: node.place, "\(node.name) is called \(name) here: names are DNS labels")
            }
            names[node.name] = name
        }
        for (node, owner) in shared.owners.sorted(by: { $0.key < $1.key }) {
            names[node] = names[owner]
            var alias = DeviceName.label(node), number = 2
            while !taken.insert(alias).inserted {
                (alias, number) = ("\(DeviceName.label(node))-\(number)", number + 1)
            }
            aliases[names[owner] ?? owner, default: []].append(alias)
        }
        nameInnerBridges()
    }

    /// Finds the bridges that are inside of other nodes (`br|NODE` with `network-mode: container:NODE`).
    private mutating func nameInnerBridges() {
        let byName = Dictionary(containerlabNodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for node in containerlabNodes where node.kind == "bridge" {
            guard let mode = node.networkMode, mode.value.hasPrefix("container:") else { continue }
            let name = String(node.name.prefix { $0 != "|" })
            let lab = documents.containerlab?.name?.value ?? ""
            guard let owner = SharedNamespaces.node(mode.value, lab, byName), let device = names[owner],
                !["arista_ceos", "bridge", "k8s-kind"].contains(byName[owner]?.kind ?? ""),
                DeviceName.isInterface(name)
            else {
                diagnostics.warn(
                    at: mode.place,
                    "\(node.name): there is no machine \(mode.value.dropFirst(10)) that a bridge could be inside of; it is a segment of its own"
                )
                continue
            }
            for line in node.exec { warn(ofLine: line, of: node.name) }
            innerBridges[node.name] = (device, name)
            names[node.name] = device
        }
        containerlabNodes.removeAll { innerBridges[$0.name] != nil }
    }

    private mutating func addRouters(_ links: [UsableLink]) {
        for node in containerlabNodes where node.kind == "arista_ceos" {
            guard let name = names[node.name] else { continue }
            let cabled = links.flatMap(\.ends).filter { $0.node == name }.map(\.interface)
            var configuration = EOSConfiguration()
            if let read = documents.configurations[node.name] { configuration = read }
            addLinkAddresses(to: &configuration, of: name, links)
            diagnostics.add(configuration.warnings)
            var router = Router(name: name, configuration, cabled: cabled, at: node.place, &diagnostics)
            if let interface = documents.networks.attachment(of: node.name)?.interface {
                // In a VRF of its own it leads nowhere else.
                let addresses = configuration.isManagementApart ? [] : interface.addresses
                router.ports.append(
                    Router.Port(name: interface.name, mode: .routed(addresses: addresses, subinterfaces: [])))
            }
            topology.routers.append(router)
            places.devices[name] = node.place
            for line in node.exec {
                diagnostics.warn(
                    at: line.text.place,
                    "\(name) has no command line of EOS; \"\(line.text.value.prefix(80))\" is skipped")
            }
        }
    }

    private mutating func addNetworks() {
        for node in containerlabNodes where node.kind == "bridge" {
            guard let name = names[node.name] else { continue }
            topology.networks.append(Network(name: name))
            places.devices[name] = node.place
            for line in node.exec { warn(ofLine: line, of: name) }
        }
    }

    private mutating func warn(ofLine line: ContainerlabTopology.ExecLine, of bridge: String) {
        diagnostics.warn(
            at: line.text.place,
            "\(bridge) is a bridge and no container, so containerlab runs nothing in it; \"\(line.text.value.prefix(80))\" is skipped"
        )
    }

    // MARK: The cluster's nodes

    private mutating func addNodes(_ links: [UsableLink]) {
        guard let kind = documents.kind else { return }
        var hosts: [LinuxHost.Configured] = []
        for name in nodeNames {
            hosts.append(configured(host(name, links), containerlabNodes.first { $0.name == name }))
        }
        for (written, configured) in zip(kind.nodes, hosts) {
            let host = configured.host
            var node = Node(name: host.name, role: written.isControlPlane ? .controlPlane : .worker)
            node.isTainted = written.isControlPlane && !written.isUntainted
            if documents.untaintedNodes.contains(host.name) || documents.untaintedNodes.contains("*") {
                node.isTainted = false
            }
            node.labels = written.labels
                .merging(documents.manifests.nodeLabels[host.name] ?? [:]) { $1 }
                .merging(documents.scriptLabels[host.name] ?? [:]) { $1 }
            (node.interfaces, node.routes) = (host.interfaces, host.routes)
            // With commands, the interfaces and routes are what the lab is planned with, and the commands bring them.
            (node.sysctls, node.commands) = (configured.before.sysctls, configured.commands)
            if !configured.commands.isEmpty {
                node.beforeCommands = LinuxConfiguration(
                    interfaces: configured.before.interfaces, routes: configured.before.routes)
            }
            node.environment = environment(host.name)
            topology.nodes.append(node)
            places.devices[host.name] = containerlabNodes.first { $0.name == host.name }?.place ?? written.place
        }
    }

    // MARK: Plain Linux

    /// A host with the interfaces that tools and links give it.
    ///
    /// - Parameter written: its name in containerlab; nil for the same.
    private func host(_ name: String, written: String? = nil, _ links: [UsableLink]) -> LinuxHost {
        let attachment = documents.networks.attachment(of: written ?? name)
        return LinuxHost(
            name: name, interfaces: (attachment.map { [$0.interface] } ?? []) + interfaces(of: name, links),
            routes: attachment?.routes ?? [])
    }

    /// A machine with what its containerlab node makes of it.
    private mutating func configured(_ host: LinuxHost, _ node: ContainerlabTopology.Node?) -> LinuxHost.Configured {
        guard let node else { return LinuxHost.Configured(host: host, before: host) }
        let settings = node.sysctls.map { setting in
            LinuxHost.Line(
                text: Located("sysctl -w '\(setting.value[0])=\(setting.value[1])'", at: setting.place), moment: .create
            )
        }
        let configured = host.configured(settings: settings, lines(of: node), &diagnostics)
        if !configured.moments.isEmpty { moments[node.name] = configured.moments }
        return configured
    }

    /// The lines of a node that containerlab runs.
    private mutating func lines(of node: ContainerlabTopology.Node) -> [LinuxHost.Line] {
        if node.exec.allSatisfy({ $0.moment < .healthy }) { return node.exec }
        let isAwaited = containerlabNodes.contains { other in
            other.waits.contains { $0.other == node.name && $0.finished == .healthy }
        }
        return node.exec.filter { line in
            if line.moment < .healthy || isAwaited { return true }
            diagnostics.warn(
                at: line.text.place,
                "\(node.name): \(line.text.value.prefix(80)): containerlab has a node enter stage healthy only where another one waits for it; it is left out"
            )
            return false
        }
    }

    /// The variables that the commands of a device have, as they would in its container.
    private func environment(_ name: String) -> [String: String] {
        let node = containerlabNodes.first { names[$0.name] == name }
        return (node?.environment ?? [:]).filter { name, value in
            !name.isEmpty && !name.contains("=") && !(name + value).utf8.contains(0)
        }
    }

    /// What each command waits for that stages of nodes order.
    private mutating func addWaits() {
        let waits = StageWaits(containerlabNodes, moments: moments, &diagnostics)
        for (written, name) in names where moments[written] != nil {
            let ordered = waits.ofCommands(of: written).map { needed in
                Dictionary(
                    needed.compactMap { other, count in names[other].map { ($0, count) } },
                    uniquingKeysWith: { max($0, $1) })
            }
            func add(to commands: inout [HostCommand]) {
                for (index, needed) in ordered.enumerated() { commands[index].waits = needed }
            }
            if let index = topology.nodes.firstIndex(where: { $0.name == name }) {
                add(to: &topology.nodes[index].commands)
            }
            if let index = topology.hosts.firstIndex(where: { $0.name == name }) {
                add(to: &topology.hosts[index].commands)
            }
        }
    }

    private mutating func addHosts(_ links: [UsableLink]) {
        let others: Set = ["arista_ceos", "bridge", "k8s-kind"]
        var foreign = ForeignNodes()
        for node in containerlabNodes where !others.contains(node.kind) && !nodeNames.contains(node.name) {
            guard let name = names[node.name] else { continue }
            if node.kind == "ext-container" {
                diagnostics.warn(
                    at: node.place,
                    nodeNames.isEmpty
                        ? "\(node.name) is a container from elsewhere; it is a plain host here"
                        : "the cluster has no node \(node.name) (it has \(nodeNames.prefix(4).joined(separator: ", "))); it "
                            + "is a plain host here")
            } else {
                foreign.tell(of: node, &diagnostics)
            }
            let configured = configured(host(name, written: node.name, links), node)
            let own = configured.before
            var host = Host(
                name: name, interfaces: own.interfaces, routes: own.routes, sysctls: own.sysctls,
                commands: configured.commands)
            host.environment = environment(name)
            if let hostname = node.hostname {
                if DeviceName.isHostname(hostname.value) {
                    host.hostname = hostname.value
                } else {
                    diagnostics.warn(
                        at: hostname.place,
                        "\(node.name): \"\(hostname.value)\" is not a host name; it is called \(name)")
                }
            }
            topology.hosts.append(host)
            places.devices[name] = node.place
        }
    }

    private mutating func addBinds() {
        var binds: [String: [Bind]] = [:]
        // Of two at one place, that of the machine whose network it is comes first.
        for (written, own) in documents.binds.sorted(by: {
            ($0.key != names[$0.key] ? 1 : 0, $0.key) < ($1.key != names[$1.key] ? 1 : 0, $1.key)
        }) {
            guard let device = nodeNames.contains(written) ? written : names[written] else { continue }
            let taken = Set(binds[device, default: []].map(\.target))
            binds[device, default: []] += own.filter { !taken.contains($0.target) }
        }
        for index in topology.routers.indices {
            topology.routers[index].binds = binds[topology.routers[index].name] ?? []
            topology.routers[index].aliases = aliases[topology.routers[index].name] ?? []
        }
        for index in topology.nodes.indices {
            topology.nodes[index].binds = binds[topology.nodes[index].name] ?? []
            topology.nodes[index].aliases = aliases[topology.nodes[index].name] ?? []
        }
        for index in topology.hosts.indices {
            topology.hosts[index].binds = binds[topology.hosts[index].name] ?? []
            topology.hosts[index].aliases = aliases[topology.hosts[index].name] ?? []
        }
    }

    /// The routes of protocols that are not run. What is written by hand comes before them.
    private mutating func addLearnedRoutes() {
        let configurations = Dictionary(
            documents.configurations.compactMap { name, configuration in names[name].map { ($0, configuration) } },
            uniquingKeysWith: { first, _ in first })
        let learned = LearnedRoutes(topology, configurations, documents.calico)
        let routes = learned.byName()
        let learnedNodes = learned.learnedNodes()
        for index in topology.routers.indices {
            let router = topology.routers[index]
            let connected = Set(router.interfaceAddresses.map(\.prefix))
            let written = Set(router.routes.map(\.destination))
            topology.routers[index].routes += (routes[router.name] ?? []).filter {
                !$0.destination.isOnLink(connected) && !written.contains($0.destination)
            }
            topology.routers[index].learnsBlocks = learned.routersWithBlocks.contains(router.name)
            topology.routers[index].learnedNodes = learnedNodes[router.name] ?? []
            topology.routers[index].maximumPaths =
                configurations[router.name]?.protocols.filter { $0.kind == .bgp }.map(\.maximumPaths).max() ?? 1
        }
        for index in topology.nodes.indices {
            let node = topology.nodes[index]
            let own = node.interfaces.flatMap(\.addresses)
            let connected = Set(own.map(\.prefix) + own.map(\.address.hostPrefix))
            let written = Set(node.routes.map(\.destination))
            topology.nodes[index].routes += (routes[node.name] ?? []).filter {
                !$0.destination.isOnLink(connected) && !written.contains($0.destination)
            }
        }
    }

    // MARK: Calico's view of the nodes

    private mutating func chooseNodeAddresses() {
        for index in topology.nodes.indices {
            let node = topology.nodes[index]
            let kubelet = documents.kind?.nodes[index].addresses ?? []
            for address in kubelet where !node.has(address) {
                diagnostics.warn(
                    at: documents.kind?.nodes[index].place ?? SourceLine(file: "", line: 1),
                    "\(node.name)'s node-ip \(address) is on none of its interfaces")
            }
            for family in AddressFamily.allCases {
                guard let usual = node.nodeAddress(family)?.address.address else { continue }
                let own = kubelet.first { $0.family == family && node.has($0) }
                var chosen = own ?? usual
                if let detection = documents.calico.detection[family], detection.method != .none {
                    if let found = detection.method.address(of: node, family, kubelet: own) {
                        chosen = found
                    } else {
                        diagnostics.warn(
                            at: detection.place,
                            "\(node.name) has no \(family) address that this finds; \(chosen) is taken")
                    }
                }
                if let own, own != chosen {
                    diagnostics.warn(
                        at: documents.kind?.nodes[index].place ?? SourceLine(file: "", line: 1),
                        "\(node.name)'s node-ip is \(own), and Calico finds \(chosen), which is taken for both")
                }
                if chosen != usual { topology.nodes[index].nodeAddresses.append(chosen) }
            }
        }
    }

    private mutating func warnOfBGP() {
        for document in documents.calico.bgpDocuments {
            diagnostics.warn(
                at: document.place,
                "\(document.value): BGP is not run; nslab installs the routes that it would have distributed")
        }
    }
}

extension TopologyBuilder {
    /// Changes the topology where its parts are put together.
    mutating func change(_ body: (inout Topology, inout Places, inout Diagnostics) -> Void) {
        body(&topology, &places, &diagnostics)
    }
}

extension Node {
    /// Whether one of its interfaces has an address.
    func has(_ address: IPAddress) -> Bool {
        interfaces.contains { $0.addresses.contains { $0.address == address } }
    }
}

extension Prefix {
    /// Whether it is one of these networks, or an address in one of them.
    fileprivate func isOnLink(_ networks: Set<Prefix>) -> Bool {
        networks.contains(self) || length == family.bits && networks.contains { $0.contains(address) }
    }
}
