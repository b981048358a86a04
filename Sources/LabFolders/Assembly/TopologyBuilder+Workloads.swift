import Addresses
import Topology

/// What runs on the cluster: the folder's own workloads and services, and those that every cluster of kind has.
extension TopologyBuilder {
    mutating func addWorkloads() {
        let manifests = documents.manifests
        if documents.kind != nil { change { topology, _, _ in topology.cluster.namespaces = manifests.namespaces } }
        guard documents.kind != nil || manifests.workloads.isEmpty else {
            let place = manifests.workloads[0].place
            return diagnostics.warn(
                at: place, "there is no cluster in the folder for workloads to run on; they are left out")
        }
        let mapsHostPorts = documents.calico.mapsHostPorts
        change { topology, places, diagnostics in
            for located in manifests.workloads {
                var workload = located.value
                if !mapsHostPorts, !workload.usesHostNetwork, workload.ports.contains(where: { $0.hostPort != nil }) {
                    diagnostics.warn(
                        at: located.place,
                        "\(workload.name): no port of a node leads to it, since the Installation has hostPorts: Disabled"
                    )
                    for index in workload.ports.indices { workload.ports[index].hostPort = nil }
                }
                if workload.pools.isEmpty { workload.pools = manifests.namespacePools[workload.namespace] ?? [] }
                workload.pools = workload.pools.map { text in
                    // A pool may be meant by its range.
                    guard let prefix = InterfaceAddress(text)?.prefix else { return text }
                    return topology.cluster.pools.first { $0.prefix == prefix }?.name ?? text
                }
                topology.workloads.append(workload)
                places.workloads.append(located.place)
            }
        }
        addCoreDNS()
    }

    private mutating func addCoreDNS() {
        guard let kind = documents.kind, !topology.cluster.serviceSubnets.isEmpty,
            let controlPlane = topology.nodes.first(where: { $0.role == .controlPlane }),
            !topology.workloads.contains(where: { $0.namespace == "kube-system" && $0.name == "coredns" })
        else { return }
        // kubeadm starts them when the control plane is all that there is of the cluster.
        let coredns = Workload(
            name: "coredns", namespace: "kube-system", kind: .deployment(replicas: 2),
            labels: ["k8s-app": "kube-dns"], nodeName: controlPlane.name,
            ports: [
                Workload.ContainerPort(name: "dns", 53, .udp, answer: .dns),
                Workload.ContainerPort(name: "dns-tcp", 53, answer: .dns),
                Workload.ContainerPort(name: "metrics", 9153),
            ])
        change { topology, places, _ in
            topology.workloads.append(coredns)
            places.workloads.append(kind.place)
        }
    }

    mutating func addServices() {
        guard let kind = documents.kind else { return }
        let manifests = documents.manifests
        let hasAddresses = !topology.cluster.serviceSubnets.isEmpty
        let slices = slicesByService()
        func isThere(_ namespace: String, _ name: String) -> Bool {
            manifests.services.contains { $0.value.namespace == namespace && $0.value.name == name }
        }
        change { topology, places, _ in
            if hasAddresses, !isThere("default", "kubernetes") {
                topology.services.append(
                    Service(
                        name: "kubernetes", ports: [Service.Port(name: "https", port: 443, target: .number(6443))],
                        familyPolicy: .preferDualStack))
                places.services.append(kind.place)
            }
            for located in manifests.services {
                var service = located.value
                service.endpointSlices = slices[service.key] ?? []
                topology.services.append(service)
                places.services.append(located.place)
            }
            // As kubeadm makes it (cmd/kubeadm/app/phases/addons/dns): of one family, the cluster's first.
            if hasAddresses, !isThere("kube-system", "kube-dns") {
                topology.services.append(
                    Service(
                        name: "kube-dns", namespace: "kube-system", selector: ["k8s-app": "kube-dns"],
                        ports: [
                            Service.Port(name: "dns", transport: .udp, port: 53, target: .number(53)),
                            Service.Port(name: "dns-tcp", port: 53, target: .number(53)),
                            Service.Port(name: "metrics", port: 9153, target: .number(9153)),
                        ]))
                places.services.append(kind.place)
            }
        }
    }

    /// The endpoints that are written by hand, by service.
    private mutating func slicesByService() -> [String: [EndpointSlice]] {
        var slices: [String: [EndpointSlice]] = [:]
        let manifests = documents.manifests
        let services = Dictionary(
            manifests.services.map { ($0.value.key, $0.value) }, uniquingKeysWith: { first, _ in first })
        for located in manifests.endpoints {
            let read = located.value
            let key = read.namespace == "default" ? read.service : "\(read.namespace)/\(read.service)"
            guard let service = services[key] else {
                diagnostics.warn(
                    at: located.place,
                    key == "kubernetes"
                        ? "the API server writes its own endpoints; these are left out"
                        : "there is no service \(key) in the folder that these endpoints are of; they are left out")
                continue
            }
            if read.isMirrored || read.isManaged, !service.selector.isEmpty {
                diagnostics.warn(
                    at: located.place,
                    "the service \(key) has a selector, and its endpoints follow from that alone; these are left out")
                continue
            }
            slices[key, default: []] += read.slices
        }
        return slices
    }

    /// Gives the pods that declare no port those that their images are known for, and those that services expect.
    mutating func inferPorts() {
        let usual = documents.manifests.usualPorts
        change { topology, _, _ in
            let services = ServicesByLabel(topology.services)
            for index in topology.workloads.indices {
                let workload = topology.workloads[index]
                var known = usual["\(workload.namespace)/\(workload.name)"] ?? []
                if workload.ports.isEmpty, known.isEmpty {
                    for service in services.selecting(workload) {
                        for port in service.ports {
                            guard case .number(let number) = port.target, port.transport != .sctp else { continue }
                            known.append(Workload.ContainerPort(number, port.transport))
                        }
                    }
                }
                for port in known {
                    let isThere = topology.workloads[index].ports.contains {
                        $0.number == port.number && $0.transport == port.transport
                    }
                    if !isThere { topology.workloads[index].ports.append(port) }
                }
            }
        }
    }
}

/// Services by a label that they select, so that not all of them are asked for every workload.
private struct ServicesByLabel {
    private var services: [Label: [(position: Int, service: Service)]] = [:]

    private struct Label: Hashable {
        var namespace: String
        var key: String
        var value: String
    }

    init(_ all: [Service]) {
        for (position, service) in all.enumerated() {
            guard let (key, value) = service.selector.min(by: { $0.key < $1.key }) else { continue }
            let label = Label(namespace: service.namespace, key: key, value: value)
            services[label, default: []].append((position, service))
        }
    }

    /// Those that a workload's pods answer for, in their order.
    func selecting(_ workload: Workload) -> [Service] {
        workload.labels.flatMap { key, value in
            services[Label(namespace: workload.namespace, key: key, value: value)] ?? []
        }.filter { _, service in
            service.selector.allSatisfy { workload.labels[$0.key] == $0.value }
        }.sorted { $0.position < $1.position }.map(\.service)
    }
}
