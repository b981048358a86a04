import Addresses

/// Rules of services: what Kubernetes' API server refuses (pkg/apis/core/validation), and what would lead nowhere.
extension TopologyCheck {
    mutating func services() {
        var seen: Set<String> = []
        var addressOwners: [IPAddress: String] = [:]
        var nodePortOwners: [UInt16: String] = [:]
        var balancedOwners: [IPAddress: String] = [:]
        for service in topology.services {
            let path = Self.path(of: service)
            serviceName(service, path)
            if !seen.insert(service.key).inserted {
                refuse(
                    path, "there is another service of the name \(service.name) in the namespace \(service.namespace)")
            }
            labels(service.selector, path["selector"])
            kind(of: service, path)
            families(of: service, path)
            clusterAddresses(of: service, path, &addressOwners)
            ports(of: service, path, &nodePortOwners)
            loadBalancer(of: service, path, &nodePortOwners)
            loadBalancerAddresses(of: service, path, &balancedOwners)
        }
    }

    private mutating func serviceName(_ service: Service, _ path: FieldPath) {
        name(service.name, .serviceLabel, path, "a service's name", isKubernetes: true)
        name(service.namespace, .label, path["namespace"], "a Kubernetes namespace", isKubernetes: true)
    }

    private mutating func kind(of service: Service, _ path: FieldPath) {
        if case .externalName(let name) = service.kind {
            let bare = name.hasSuffix(".") ? name.dropLast() : name[...]
            self.name(String(bare), .subdomain, path["externalName"], "an external name", isKubernetes: true)
            if bare.split(separator: ".").contains(where: { $0.utf8.count > 63 }) {
                report(path["externalName"], "a label of a name in DNS has 63 characters at most (RFC 1035, 2.3.4)")
            }
        } else if service.kind != .headless, topology.cluster.serviceSubnets.isEmpty {
            report(
                path,
                "the cluster has no range of addresses for services; write one, such as cluster: { serviceSubnets: "
                    + "[10.96.0.0/16] }")
        }
        if let seconds = service.sessionAffinity, !(1...Service.maximumAffinity).contains(seconds) {
            refuse(
                path["sessionAffinityTimeout"],
                "\(seconds) is not a timeout: 1 to \(Service.maximumAffinity) seconds")
        }
        if service.isExternallyLocal, service.kind != .nodePort, service.kind != .loadBalancer,
            service.externalAddresses.isEmpty
        {
            refuse(
                path["externalTrafficPolicy"],
                "nothing reaches this service from outside; make it a NodePort service or give it externalIPs")
        }
    }

    /// What only services that a load balancer is for may have.
    private mutating func loadBalancer(of service: Service, _ path: FieldPath, _ owners: inout [UInt16: String]) {
        let written: [(String, Bool)] = [
            ("loadBalancerIngress", !service.ingress.isEmpty),
            ("loadBalancerSourceRanges", !service.sourceRanges.isEmpty),
            ("allocateLoadBalancerNodePorts", !service.allocatesNodePorts),
            ("loadBalancerClass", service.loadBalancerClass != nil),
        ]
        if service.kind != .loadBalancer {
            for (field, isWritten) in written where isWritten {
                refuse(path[field], "only a service of type LoadBalancer has this")
            }
        }
        guard let port = service.healthCheckNodePort else { return }
        let field = path["healthCheckNodePort"]
        if !service.hasHealthCheck {
            refuse(field, "only a LoadBalancer service with externalTrafficPolicy: Local has this")
        } else if !(30000...32767).contains(port) {
            refuse(field, "\(port) is not a port that nodes have for services: 30000 to 32767")
        } else if let other = owners.updateValue(service.key, forKey: port) {
            refuse(field, "\(port) is the service \(other)'s")
        }
    }

    /// The load balancers' addresses that a service asks Calico for.
    private mutating func loadBalancerAddresses(
        of service: Service, _ path: FieldPath, _ owners: inout [IPAddress: String]
    ) {
        let pools = topology.cluster.pools.filter { $0.allowedUses.contains(.loadBalancer) }
        for (index, address) in service.loadBalancerAddresses.enumerated() {
            let field = path["loadBalancerIPs"][index]
            if service.kind != .loadBalancer {
                reportTolerable(field, "only a service of type LoadBalancer gets an address of load balancers")
            } else if !pools.contains(where: { $0.prefix.contains(address) }) {
                reportTolerable(
                    field,
                    "\(address) is in no pool for load balancers"
                        + (pools.isEmpty
                            ? ": there is none (allowedUses: [LoadBalancer])"
                            : "; they are " + pools.map { "\($0.name), \($0.prefix)" }.joined(separator: " and ")))
            } else if let other = owners.updateValue(service.key, forKey: address) {
                reportTolerable(field, "\(address) is also an address of the service \(other)")
            }
        }
    }

    private mutating func families(of service: Service, _ path: FieldPath) {
        let available = topology.cluster.serviceFamilies
        for (index, family) in service.families.enumerated() {
            if service.families[..<index].contains(family) {
                refuse(path["ipFamilies"][index], "\(family) is given twice")
            } else if !available.isEmpty, !available.contains(family) {
                refuse(
                    path["ipFamilies"][index],
                    "the cluster has no \(family) range of services (cluster.serviceSubnets)")
            }
        }
        if service.familyPolicy == .singleStack, max(service.families.count, service.clusterAddresses.count) > 1 {
            refuse(
                path["ipFamilyPolicy"],
                "a SingleStack service has one family; write PreferDualStack or RequireDualStack")
        }
        if service.familyPolicy == .requireDualStack, available.count == 1 {
            refuse(
                path["ipFamilyPolicy"],
                "RequireDualStack needs services of both families, and the cluster has a range of \(available[0]) only "
                    + "(cluster.serviceSubnets)")
        }
    }

    private mutating func clusterAddresses(
        of service: Service, _ path: FieldPath, _ owners: inout [IPAddress: String]
    ) {
        let field = path["clusterIPs"]
        if !service.clusterAddresses.isEmpty {
            switch service.kind {
            case .headless: refuse(field, "a headless service has no addresses of its own")
            case .externalName: refuse(field, "an ExternalName service has no addresses of its own")
            case .clusterIP, .nodePort, .loadBalancer: break
            }
        }
        for (index, address) in service.clusterAddresses.enumerated() {
            let path = field[index]
            if service.clusterAddresses[..<index].contains(where: { $0.family == address.family }) {
                refuse(path, "a service has one \(address.family) address at most")
            } else if service.families.indices.contains(index), service.families[index] != address.family {
                refuse(path, "\(address) is not \(service.families[index]), which ipFamilies has in this place")
            }
            if let other = owners.updateValue(service.key, forKey: address) {
                refuse(path, "\(address) is also the address of the service \(other)")
            }
            guard let subnet = topology.cluster.serviceSubnets.first(where: { $0.contains(address) }) else {
                refuse(
                    path,
                    "\(address) is in no range of services; they are "
                        + topology.cluster.serviceSubnets.map(\.description).joined(separator: " and "))
                continue
            }
            let isLast = subnet.family == .ipv4 && address == subnet.lastAddress
            if address == subnet.address || isLast {
                refuse(
                    path, "\(address) is the \(isLast ? "last" : "first") address of \(subnet), which no service gets")
            } else if address.value - subnet.address.value > 0xffff, subnet.family == .ipv6 {
                report(path, "\(address) is not among the first 65536 addresses of \(subnet), which services get")
            }
        }
    }

    // MARK: Ports

    private mutating func ports(of service: Service, _ path: FieldPath, _ owners: inout [UInt16: String]) {
        var hasAddress = true
        switch service.kind {
        case .headless, .externalName: hasAddress = false
        case .clusterIP, .nodePort, .loadBalancer: break
        }
        if service.ports.isEmpty, hasAddress { refuse(path, "a service needs a port: ports: [80]") }
        for (index, port) in service.ports.enumerated() {
            let path = path["ports"][index]
            let earlier = service.ports[..<index]
            if port.port == 0 { refuse(path["port"], "a port is a number from 1 to 65535") }
            if earlier.contains(where: { $0.port == port.port && $0.transport == port.transport }) {
                refuse(path["port"], "the service has \(port.transport.rawValue) port \(port.port) already")
            }
            if let name = port.name {
                self.name(name, .label, path["name"], "a service port's name", isKubernetes: true)
                if earlier.contains(where: { $0.name == name }) {
                    refuse(path["name"], "the service has another port of the name \(name)")
                }
            } else if service.ports.count > 1 {
                refuse(path["name"], "of several ports each needs a name: { name: http, port: \(port.port) }")
            }
            target(of: port, path["targetPort"], service)
            if let nodePort = port.nodePort {
                self.nodePort(nodePort, path["nodePort"], service, port, earlier, &owners)
            }
        }
    }

    private mutating func target(of port: Service.Port, _ path: FieldPath, _ service: Service) {
        switch port.target {
        case .number(let number): if number == 0 { refuse(path, "a port is a number from 1 to 65535") }
        case .name(let name):
            if service.isAPIServer {
                report(path, "the API server's port is a number, such as 6443")
                return
            }
            if !isPortName(name) { return refuse(path, notAPortName(name)) }
            let selected = topology.workloads.filter { workload in
                workload.namespace == service.namespace && !service.selector.isEmpty
                    && service.selector.allSatisfy { workload.labels[$0.key] == $0.value }
            }
            let known = selected.flatMap(\.ports).filter { $0.transport == port.transport }.compactMap(\.name)
            if selected.isEmpty || known.contains(name) { return }
            reportTolerable(
                path,
                "none of the pods that are selected (\(selected.map(\.name).joined(separator: ", "))) has a "
                    + "\(port.transport.rawValue) port of the name \(name)\(hint(name, among: known))")
        }
    }

    private mutating func nodePort(
        _ nodePort: UInt16, _ path: FieldPath, _ service: Service, _ port: Service.Port,
        _ earlier: ArraySlice<Service.Port>, _ owners: inout [UInt16: String]
    ) {
        guard service.kind == .nodePort || service.kind == .loadBalancer else {
            refuse(path, "only a service of type NodePort or LoadBalancer has a port on the nodes")
            return
        }
        if !(30000...32767).contains(nodePort) {
            refuse(path, "\(nodePort) is not a port that nodes have for services: 30000 to 32767")
        }
        if earlier.contains(where: { $0.nodePort == nodePort && $0.transport == port.transport }) {
            refuse(path, "nodePort \(nodePort) is given twice for \(port.transport.rawValue)")
        } else if let other = owners.updateValue(service.key, forKey: nodePort), other != service.key {
            refuse(path, "nodePort \(nodePort) is the service \(other)'s")
        }
    }

    /// Rules of pods' ports and names in DNS.
    mutating func containerPorts() {
        for workload in topology.workloads {
            let path = Self.path(of: workload)
            if let hostname = workload.hostname {
                name(hostname, .label, path["hostname"], "a pod's host name", isKubernetes: true)
            }
            if let subdomain = workload.subdomain {
                name(subdomain, .label, path["subdomain"], "a subdomain", isKubernetes: true)
            }
            for (index, port) in workload.ports.enumerated() {
                let path = path["ports"][index]
                let earlier = workload.ports[..<index]
                if port.number == 0 { refuse(path["port"], "a port is a number from 1 to 65535") }
                if earlier.contains(where: { $0.isBoundLike(port) }) {
                    report(
                        path["port"],
                        "\(workload.name) listens on \(port.transport.rawValue) port \(port.number) already")
                }
                if let name = port.name {
                    if !isPortName(name) { refuse(path["name"], notAPortName(name)) }
                    if earlier.contains(where: { $0.name == name }) {
                        reportTolerable(path["name"], "\(workload.name) has another port of the name \(name)")
                    }
                }
                answer(of: port, path)
            }
        }
    }

    private mutating func answer(of port: Workload.ContainerPort, _ path: FieldPath) {
        if port.answer == .http, port.transport != .tcp {
            report(path["answer"], "HTTP answers on TCP ports only; write echo or none")
        } else if port.transport == .sctp, port.answer != .none {
            report(path["answer"], "nothing answers on SCTP ports here; write none")
        }
        if port.body != nil, port.answer != .http { report(path["body"], "only an answer of http has a body") }
    }
}

extension Workload.ContainerPort {
    /// Whether the two sockets could not be bound at once.
    fileprivate func isBoundLike(_ other: Self) -> Bool {
        number == other.number && transport == other.transport
            && (listen == other.listen || listen == .dual || other.listen == .dual)
    }
}

private func notAPortName(_ name: String) -> String {
    "\"\(name)\" is not a port's name (RFC 6335): lower-case letters, digits and single hyphens inside, a letter among them, "
        + "at most 15"
}
