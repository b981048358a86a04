import Addresses
public import Applets
import Blueprint
import Calico
import ClusterObjects
import Controllers
import Engine
import Glibc
import LabFolders
import NetworkNamespaces
import NetworkObjects
import Rtnetlink
import System
import Topology

/// What is kept of a lab for the commands of other tools: see `Engine`.
public typealias ContainerRecord = Engine.ContainerRecord

extension Lab {
    /// What the commands of other tools ask of this machine's labs.
    ///
    /// - Parameters:
    ///   - name: what the user typed, for errors.
    ///   - environment: the variables that the command has.
    public static func directory(for name: String, environment: [String: String]) -> LabDirectory {
        let preferred = environment["NSLAB_LAB"].flatMap { $0.isEmpty ? nil : $0 }
        // One that is named is the only one that there is to these commands, unless it does not run.
        let all = StateDirectory.labs()
        let names = preferred.flatMap { all.contains($0) ? [$0] : nil } ?? all
        return LabDirectory(
            machines: { names.flatMap(machines) },
            labs: {
                try Privilege.require(for: name)
                return try reportingErrors { try names.compactMap(factsUnlessGone) }
            },
            objects: { lab in
                try Privilege.require(for: name)
                return try reportingErrors { try Lab.running(lab).objects() }
            }, topologyName: topologyName, now: Timestamp(seconds: time(nil)),
            environment: environment)
    }

    /// The lab's name in a containerlab topology, and its absolute path: of a file, or of the one that a folder has.
    private static func topologyName(_ path: String) -> (name: String, file: String)? {
        var files = [path]
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            files = Directory.names(path).sorted()
                .filter { $0.hasSuffix(".clab.yml") || $0.hasSuffix(".clab.yaml") }.map { "\(path)/\($0)" }
        }
        guard files.count == 1, let file = FolderFiles.realPath(files[0]) else { return nil }
        // What cannot be read is no topology; a command that needs one says so.
        let bytes = try? FileDescriptor(opening: file, O_RDONLY | O_NONBLOCK).readAll(file, limit: 1 << 20)
        return bytes.flatMap(LabFolder.topologyName).map { ($0, file) }
    }

    // MARK: Containers

    /// The machines of a lab, as containers.
    private static func machines(of lab: String) -> [Machine] {
        // Of one that is being built or cannot be read there is nothing to tell.
        guard let topology = try? ContainerRecord.topology(ofLab: lab) else { return [] }
        return machines(of: lab, topology, try? ContainerRecord.read(ofLab: lab))
    }

    private static func machines(of lab: String, _ topology: Topology, _ record: ContainerRecord?) -> [Machine] {
        let nodes = Dictionary(topology.nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let routers = Set(topology.routers.map(\.name))
        let known = Set(topology.hosts.map(\.name)).union(routers).union(nodes.keys)
        let cluster = topology.clusterName
        return (record?.containers ?? ContainerNode.all(of: topology)).filter { known.contains($0.host) }.map {
            container in
            let name = container.name(inLab: lab)
            let seed = "\(lab)/\(name)"
            return Machine(
                lab: lab, host: container.host, name: name, node: container.node, kind: container.kind,
                image: container.image, id: identity(seed), cluster: nodes[container.host] == nil ? nil : cluster,
                isControlPlane: nodes[container.host]?.role == .controlPlane,
                isRouter: routers.contains(container.host))
        }
    }

    /// 64 hexadecimal digits, always the same for one text.
    private static func identity(_ seed: String) -> String {
        SHA1.hexDigest(seed) + SHA1.hexDigest(seed + "/container").prefix(24)
    }

    // MARK: Facts

    /// A lab with what its kernel has; nil for one that was taken down meanwhile.
    private static func factsUnlessGone(_ lab: String) throws -> RunningLabFacts? {
        do { return try facts(of: lab) } catch {
            if !StateDirectory.labs().contains(lab) { return nil }
            throw error
        }
    }

    /// A lab with what its kernel has; nil for one that is being built or cannot be read.
    private static func facts(of lab: String) throws -> RunningLabFacts? {
        guard [.running, .damaged].contains(try RunningLab.overview(lab).state),
            let topology = try? ContainerRecord.topology(ofLab: lab)
        else { return nil }
        let record = try ContainerRecord.read(ofLab: lab)
        let running = try RunningLab(named: lab)
        let api = StateDirectory(lab: lab).api
        let networks = topology.networks
            .filter { !$0.addresses.isEmpty && ($0.isManagement || $0.name == "kind") }
            .map { network in
                RunningLabFacts.DockerNetwork(
                    name: network.name, id: identity("\(lab)/network/\(network.name)"), gateways: network.addresses)
            }
        let machines = try machines(of: lab, topology, record).map { machine in
            try running.facts(of: machine, on: networks)
        }
        let cables = topology.cables.map { cable in
            RunningLabFacts.Cable(
                host: cable.ends[0].device, interface: cable.ends[0].interface, peer: cable.ends[1].device,
                peerInterface: cable.ends[1].interface)
        }
        return RunningLabFacts(
            name: lab, created: Timestamp(seconds: record?.created ?? ContainerRecord.journalTime(ofLab: lab)),
            topologyFile: record?.topologyFile, isOfContainerlab: record?.topologyFile != nil, machines: machines,
            networks: networks, cables: cables, apiPort: try api.pid == nil ? nil : api.readRecord()?.port)
    }

    /// The lab's Kubernetes objects; what Calico tells of pods' cables is what the kernel has of them.
    private func objects() throws -> [JSON] {
        var objects = try running.clusterObjects()
        let statuses = Dictionary(
            try running.survey().map { ($0.pin, $0) }, uniquingKeysWith: { first, _ in first })
        var pods: [PodReference: (addresses: [IPAddress], node: String?)] = [:]
        for namespace in running.blueprint.namespaces {
            guard let pod = namespace.pod else { continue }
            pods[pod] = (statuses[running.blueprint.pin(of: namespace)]?.addresses ?? [], namespace.node)
        }
        var links: [String: Set<String>] = [:]
        for entry in running.journal.namespaces where entry.kind == "node" {
            // A node whose namespace is gone has no links.
            links[entry.name] = try? running.read(entry) { Set(try $0.links().map(\.link.name.description)) }
        }
        for index in objects.indices where objects[index]["kind"].text == "Pod" {
            guard let namespace = objects[index]["metadata"]["namespace"].text,
                let name = objects[index]["metadata"]["name"].text,
                let (addresses, node) = pods[PodReference(namespace: namespace, name: name)]
            else { continue }
            objects[index]["status"]["podIPs"] = JSON(
                nonEmpty: addresses.map { ["ip": .string("\($0)")] })
            let interface = WorkloadInterface.hostInterface(namespace: namespace, pod: name).description
            guard let node, links[node]?.contains(interface) == true else { continue }
            objects[index]["metadata"]["annotations"][CalicoView.interfaceAnnotation] = .string(interface)
        }
        return objects
    }
}

extension RunningLab {
    /// How a machine is, and what it has on networks of the tools'.
    fileprivate func facts(
        of machine: Machine, on networks: [RunningLabFacts.DockerNetwork]
    ) throws -> MachineFacts {
        let namespace = blueprint.namespaces.first { $0.name == machine.host }
        guard let entry = journal.namespaces.first(where: { $0.name == machine.host }),
            NamedNamespaces.identity(entry.pin) != nil
        else { return MachineFacts(machine, isRunning: false, hostname: machine.node, attachments: []) }
        let (links, addresses) = try read(entry) { socket in
            let links = try socket.links()
            return (links, try socket.addresses(in: InterfaceTable(links)))
        }
        let attachments = networks.compactMap { network -> MachineFacts.Attachment? in
            let own = addresses.filter { address in
                network.gateways.contains { $0.prefix.contains(address.address.address) }
            }
            guard let first = own.first else { return nil }
            let mac = links.first { $0.link.name == first.device }?.link.mac
            return MachineFacts.Attachment(
                network: network.name, ipv4: own.first { $0.address.family == .ipv4 }?.address,
                ipv6: own.first { $0.address.family == .ipv6 }?.address, mac: mac?.description ?? "")
        }
        return MachineFacts(
            machine, isRunning: true, hostname: namespace?.hostname ?? machine.node, attachments: attachments)
    }
}
