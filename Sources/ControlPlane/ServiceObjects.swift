import Addresses
import Blueprint
import Calico
import ClusterObjects
import Topology

extension ClusterState {
    /// The services with the addresses and ports that they were given, and who answers for them.
    mutating func addServices() {
        let declared = Dictionary(
            lab.topology.services.map { ("\($0.namespace)/\($0.name)", $0) }, uniquingKeysWith: { $1 })
        for service in lab.blueprint.services {
            add(object(service, declared[service.key]))
            if case .externalName = service.kind { continue }
            addEndpoints(service)
        }
    }

    // MARK: Service

    private func object(_ service: ClusterService, _ declared: Service?) -> JSON {
        let written = written("Service", service.namespace, service.name)
        var object = object(
            "v1", "Service", namespace: service.namespace, service.name, labels: labels(service), written: written)
        var spec = written["spec"]
        spec["ports"] = .array(ports(service, written["spec"]["ports"].items))
        spec.setDefault("selector", JSON(texts: declared?.selector ?? [:]))
        spec["sessionAffinity"] = service.sessionAffinity == nil ? "None" : "ClientIP"
        if let seconds = service.sessionAffinity {
            spec["sessionAffinityConfig"] = ["clientIP": ["timeoutSeconds": .integer(Int(seconds))]]
        }
        if service.publishesNotReadyAddresses { spec["publishNotReadyAddresses"] = true }
        spec["externalIPs"] = JSON(nonEmpty: service.externalAddresses.map { .string($0.description) })
        addKind(service, declared, to: &spec)
        object["spec"] = spec
        let ingress = service.ingress.map { ingress -> JSON in
            ["ip": .string(ingress.address.description), "ipMode": ingress.isProxied ? "Proxy" : "VIP"]
        }
        object["status"] = ["loadBalancer": ingress.isEmpty ? [:] : ["ingress": .array(ingress)]]
        return object
    }

    /// Those that the API server and kubeadm put on their own.
    private func labels(_ service: ClusterService) -> [String: String] {
        switch service.key {
        case "default/kubernetes": ["component": "apiserver", "provider": "kubernetes"]
        case "kube-system/kube-dns":
            ["k8s-app": "kube-dns", "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS"]
        default: [:]
        }
    }

    private func addKind(_ service: ClusterService, _ declared: Service?, to spec: inout JSON) {
        let addresses = service.clusterAddresses.map(\.description)
        spec["clusterIP"] = JSON(addresses.first)
        spec["clusterIPs"] = JSON(nonEmpty: addresses.map(JSON.string))
        switch service.kind {
        case .externalName(let name):
            spec["type"] = "ExternalName"
            spec["externalName"] = .string(name)
            (spec["ipFamilies"], spec["ipFamilyPolicy"]) = (.null, .null)
            return
        case .headless:
            spec["type"] = "ClusterIP"
            (spec["clusterIP"], spec["clusterIPs"]) = ("None", ["None"])
        case .clusterIP: spec["type"] = "ClusterIP"
        case .nodePort: spec["type"] = "NodePort"
        case .loadBalancer:
            spec["type"] = "LoadBalancer"
            spec["allocateLoadBalancerNodePorts"] = .bool(declared?.allocatesNodePorts ?? true)
        }
        spec["ipFamilies"] = .array(service.families.map { $0 == .ipv4 ? "IPv4" : "IPv6" })
        spec["ipFamilyPolicy"] = .string((declared?.familyPolicy ?? .singleStack).rawValue)
        spec["internalTrafficPolicy"] = service.isInternallyLocal ? "Local" : "Cluster"
        if service.kind == .nodePort || service.kind == .loadBalancer || !service.externalAddresses.isEmpty {
            spec["externalTrafficPolicy"] = service.isExternallyLocal ? "Local" : "Cluster"
        }
        if let port = service.healthCheckNodePort { spec["healthCheckNodePort"] = .integer(Int(port)) }
    }

    private func ports(_ service: ClusterService, _ written: [JSON]) -> [JSON] {
        service.ports.enumerated().map { index, port in
            var object: JSON = written.indices.contains(index) ? written[index] : [:]
            object["name"] = JSON(port.name)
            object["protocol"] = .string(port.transport.rawValue)
            object["port"] = .integer(Int(port.number))
            switch port.target {
            case .number(let number): object["targetPort"] = .integer(Int(number))
            case .name(let name): object["targetPort"] = .string(name)
            }
            object["nodePort"] = port.nodePort.map { .integer(Int($0)) } ?? .null
            return object
        }
    }

    // MARK: Endpoints

    /// Who answers, in the old form (Endpoints, of the first family) and the new one (EndpointSlices, one a family and set of
    /// ports).
    private mutating func addEndpoints(_ service: ClusterService) {
        guard let first = service.families.first else { return }
        let isAPIServer = service.key == "default/kubernetes"
        let ofFirst = groups(service, first)
        if !ofFirst.isEmpty || hasSelector(service) {
            var endpoints = object(
                "v1", "Endpoints", namespace: service.namespace, service.name,
                labels: isAPIServer ? ["endpointslice.kubernetes.io/skip-mirror": "true"] : labels(service))
            endpoints["subsets"] = JSON(nonEmpty: ofFirst.map { subset($0, service) })
            add(endpoints)
        }
        for family in service.families {
            for (index, group) in groups(service, family).enumerated() {
                add(slice(service, family, group, number: index, isAPIServer: isAPIServer))
            }
        }
    }

    private func hasSelector(_ service: ClusterService) -> Bool {
        lab.topology.services.contains {
            $0.namespace == service.namespace && $0.name == service.name && !$0.selector.isEmpty
        }
    }

    /// Endpoints with the same ports.
    private struct Group {
        var ports: [UInt16?]
        var endpoints: [ServiceEndpoint]
    }

    private func groups(_ service: ClusterService, _ family: AddressFamily) -> [Group] {
        var groups: [Group] = []
        for endpoint in service.endpoints where endpoint.address.family == family {
            if let index = groups.firstIndex(where: { $0.ports == endpoint.ports }) {
                groups[index].endpoints.append(endpoint)
            } else {
                groups.append(Group(ports: endpoint.ports, endpoints: [endpoint]))
            }
        }
        return groups
    }

    private func subset(_ group: Group, _ service: ClusterService) -> JSON {
        func addresses(_ endpoints: [ServiceEndpoint]) -> JSON {
            JSON(
                nonEmpty: endpoints.map { endpoint in
                    [
                        "ip": .string(endpoint.address.description), "hostname": JSON(endpoint.hostname),
                        "nodeName": endpoint.pod == nil || endpoint.node.isEmpty ? .null : .string(endpoint.node),
                        "targetRef": target(endpoint),
                    ]
                })
        }
        return [
            "addresses": addresses(group.endpoints.filter(service.isReady)),
            "notReadyAddresses": addresses(group.endpoints.filter { !service.isReady($0) }),
            "ports": JSON(nonEmpty: ports(group, service)),
        ]
    }

    private func ports(_ group: Group, _ service: ClusterService) -> [JSON] {
        zip(service.ports, group.ports).compactMap { port, number in
            number.map {
                ["name": JSON(port.name), "port": .integer(Int($0)), "protocol": .string(port.transport.rawValue)]
            }
        }
    }

    private func target(_ endpoint: ServiceEndpoint) -> JSON {
        guard let pod = endpoint.pod else { return .null }
        return [
            "kind": "Pod", "namespace": .string(pod.namespace), "name": .string(pod.name),
            "uid": .string(uid("v1", "Pod", pod.namespace, pod.name)),
        ]
    }

    private func slice(
        _ service: ClusterService, _ family: AddressFamily, _ group: Group, number: Int, isAPIServer: Bool
    ) -> JSON {
        let suffix = PodName.suffix("\(service.key)/\(family)/\(number)")
        let owner = owner("v1", "Service", service.namespace, service.name)
        var slice = object(
            "discovery.k8s.io/v1", "EndpointSlice", namespace: service.namespace,
            isAPIServer ? service.name + (family == service.families[0] ? "" : "-ipv6") : "\(service.name)-\(suffix)",
            labels: [
                "kubernetes.io/service-name": service.name,
                "endpointslice.kubernetes.io/managed-by": isAPIServer ? "" : "endpointslice-controller.k8s.io",
            ].filter { !$0.value.isEmpty }.merging(isAPIServer ? [:] : labels(service)) { first, _ in first },
            owner: isAPIServer ? .null : owner, hasGeneration: !isAPIServer)
        if !isAPIServer { slice["metadata"]["generateName"] = .string("\(service.name)-") }
        slice["addressType"] = family == .ipv4 ? "IPv4" : "IPv6"
        slice["endpoints"] = .array(
            group.endpoints.map { endpoint in
                var result: JSON = [
                    "addresses": [.string(endpoint.address.description)],
                    "conditions": [
                        "ready": .bool(service.isReady(endpoint) && !endpoint.isTerminating),
                        "serving": .bool(endpoint.isServing), "terminating": .bool(endpoint.isTerminating),
                    ],
                    "hostname": JSON(endpoint.hostname), "targetRef": target(endpoint),
                ]
                if !endpoint.node.isEmpty, endpoint.pod != nil { result["nodeName"] = .string(endpoint.node) }
                result["zone"] = JSON(lab.blueprint.zones[endpoint.node])
                let zones = endpoint.zoneHints.sorted().map { ["name": .string($0)] as JSON }
                if !zones.isEmpty { result["hints"] = ["forZones": .array(zones)] }
                return result
            })
        slice["ports"] = .array(
            ports(group, service).map { port in
                var port = port
                port.setDefault("name", "")
                return port
            })
        return slice
    }
}
