import Addresses
import YAML

/// Services and ports, each in one line.
extension NativeWriter {
    static func fields(of service: Service) -> [(String, String)] {
        var fields: [(String, String)] = []
        switch service.kind {
        case .clusterIP: break
        case .headless: fields.append(("clusterIP", "None"))
        case .nodePort: fields.append(("type", "NodePort"))
        case .loadBalancer: fields.append(("type", "LoadBalancer"))
        case .externalName(let name): fields += [("type", "ExternalName"), ("externalName", YAMLWriter.scalar(name))]
        }
        if !service.selector.isEmpty { fields.append(("selector", labels(service.selector))) }
        if !service.families.isEmpty { fields.append(("ipFamilies", YAMLWriter.list(service.families))) }
        let named = max(service.families.count, service.clusterAddresses.count)
        if service.familyPolicy != (named > 1 ? .requireDualStack : .singleStack) {
            fields.append(("ipFamilyPolicy", service.familyPolicy.rawValue))
        }
        if !service.clusterAddresses.isEmpty {
            fields.append(("clusterIPs", YAMLWriter.list(service.clusterAddresses)))
        }
        if !service.externalAddresses.isEmpty {
            fields.append(("externalIPs", YAMLWriter.list(service.externalAddresses)))
        }
        if !service.ports.isEmpty {
            fields.append(("ports", "[\(service.ports.map(text).joined(separator: ", "))]"))
        }
        if let timeout = service.sessionAffinity {
            fields.append(("sessionAffinity", "ClientIP"))
            if timeout != Service.usualAffinity { fields.append(("sessionAffinityTimeout", "\(timeout)")) }
        }
        if service.publishesNotReadyAddresses { fields.append(("publishNotReadyAddresses", "true")) }
        if service.isInternallyLocal { fields.append(("internalTrafficPolicy", "Local")) }
        if service.isExternallyLocal { fields.append(("externalTrafficPolicy", "Local")) }
        return fields + loadBalancer(of: service)
    }

    private static func loadBalancer(of service: Service) -> [(String, String)] {
        var fields: [(String, String)] = []
        if !service.ingress.isEmpty {
            let each = service.ingress.map { ingress in
                ingress.isProxied
                    ? YAMLWriter.flow([("ip", YAMLWriter.scalar("\(ingress.address)")), ("ipMode", "Proxy")])
                    : YAMLWriter.scalar("\(ingress.address)")
            }
            fields.append(("loadBalancerIngress", "[\(each.joined(separator: ", "))]"))
        }
        if !service.sourceRanges.isEmpty {
            fields.append(("loadBalancerSourceRanges", YAMLWriter.list(service.sourceRanges)))
        }
        if !service.allocatesNodePorts { fields.append(("allocateLoadBalancerNodePorts", "false")) }
        if let name = service.loadBalancerClass { fields.append(("loadBalancerClass", YAMLWriter.scalar(name))) }
        if !service.loadBalancerAddresses.isEmpty {
            fields.append(("loadBalancerIPs", YAMLWriter.list(service.loadBalancerAddresses)))
        }
        if !service.loadBalancerPools.isEmpty {
            fields.append(("loadBalancerPools", YAMLWriter.list(service.loadBalancerPools)))
        }
        if let port = service.healthCheckNodePort { fields.append(("healthCheckNodePort", "\(port)")) }
        if let distribution = service.trafficDistribution {
            fields.append(("trafficDistribution", distribution.rawValue))
        }
        if !service.endpointSlices.isEmpty {
            fields.append(("endpointSlices", "[\(service.endpointSlices.map(text).joined(separator: ", "))]"))
        }
        return fields
    }

    private static func text(_ slice: EndpointSlice) -> String {
        let ports = slice.ports.map { port in
            guard let name = port.name else { return short(port.number, port.transport) }
            var fields = [("name", YAMLWriter.scalar(name)), ("port", "\(port.number)")]
            if port.transport != .tcp { fields.append(("protocol", port.transport.rawValue)) }
            return YAMLWriter.flow(fields)
        }
        let endpoints = slice.endpoints.map { endpoint in
            let plain = EndpointSlice.Endpoint(endpoint.address)
            if endpoint == plain { return YAMLWriter.scalar("\(endpoint.address)") }
            var fields = [("address", YAMLWriter.scalar("\(endpoint.address)"))]
            if !endpoint.isReady { fields.append(("ready", "false")) }
            if !endpoint.isServing { fields.append(("serving", "false")) }
            if endpoint.isTerminating { fields.append(("terminating", "true")) }
            if let node = endpoint.node { fields.append(("node", YAMLWriter.scalar(node))) }
            if let hostname = endpoint.hostname { fields.append(("hostname", YAMLWriter.scalar(hostname))) }
            if !endpoint.zoneHints.isEmpty { fields.append(("forZones", YAMLWriter.list(endpoint.zoneHints))) }
            if !endpoint.nodeHints.isEmpty { fields.append(("forNodes", YAMLWriter.list(endpoint.nodeHints))) }
            return YAMLWriter.flow(fields)
        }
        return YAMLWriter.flow([
            ("addressType", slice.family == .ipv4 ? "IPv4" : "IPv6"), ("ports", "[\(ports.joined(separator: ", "))]"),
            ("endpoints", "[\(endpoints.joined(separator: ", "))]"),
        ])
    }

    private static func text(_ port: Service.Port) -> String {
        if port == Service.Port(transport: port.transport, port: port.port) { return short(port.port, port.transport) }
        var fields: [(String, String)] = []
        if let name = port.name { fields.append(("name", YAMLWriter.scalar(name))) }
        fields.append(("port", "\(port.port)"))
        switch port.target {
        case .number(let number): if number != port.port { fields.append(("targetPort", "\(number)")) }
        case .name(let name): fields.append(("targetPort", YAMLWriter.scalar(name)))
        }
        if port.transport != .tcp { fields.append(("protocol", port.transport.rawValue)) }
        if let nodePort = port.nodePort { fields.append(("nodePort", "\(nodePort)")) }
        return YAMLWriter.flow(fields)
    }

    /// A port of a pod.
    static func text(_ port: Workload.ContainerPort) -> String {
        if port == Workload.ContainerPort(port.number, port.transport) { return short(port.number, port.transport) }
        var fields: [(String, String)] = []
        if let name = port.name { fields.append(("name", YAMLWriter.scalar(name))) }
        fields.append(("port", "\(port.number)"))
        if port.transport != .tcp { fields.append(("protocol", port.transport.rawValue)) }
        if port.answer != .usual(for: port.transport) { fields.append(("answer", port.answer.rawValue)) }
        if port.listen != .dual { fields.append(("listen", port.listen.rawValue)) }
        if let body = port.body { fields.append(("body", YAMLWriter.scalar(body))) }
        if let number = port.hostPort { fields.append(("hostPort", "\(number)")) }
        if let address = port.hostAddress { fields.append(("hostIP", YAMLWriter.scalar(address.description))) }
        return YAMLWriter.flow(fields)
    }

    /// What a workload asks of nodes.
    static func text(_ affinity: NodeAffinity) -> String {
        var fields: [(String, String)] = []
        func terms(_ terms: [String]) -> String { "[\(terms.joined(separator: ", "))]" }
        if !affinity.required.isEmpty {
            fields.append(("required", terms(affinity.required.map { YAMLWriter.flow(self.fields(of: $0)) })))
        }
        if !affinity.preferred.isEmpty {
            let each = affinity.preferred.map {
                YAMLWriter.flow([("weight", "\($0.weight)")] + self.fields(of: $0.term))
            }
            fields.append(("preferred", terms(each)))
        }
        return YAMLWriter.flow(fields)
    }

    private static func fields(of term: NodeAffinity.Term) -> [(String, String)] {
        [("labels", term.labels), ("names", term.names)].filter { !$0.1.isEmpty }.map { name, requirements in
            (name, "[\(requirements.map(text).joined(separator: ", "))]")
        }
    }

    /// A requirement of a label.
    static func text(_ requirement: NodeAffinity.Requirement) -> String {
        var fields = [
            ("key", YAMLWriter.scalar(requirement.key)),
            ("operator", YAMLWriter.scalar(requirement.relation.rawValue)),
        ]
        if !requirement.values.isEmpty { fields.append(("values", YAMLWriter.list(requirement.values))) }
        return YAMLWriter.flow(fields)
    }

    private static func short(_ number: UInt16, _ transport: Transport) -> String {
        transport == .tcp ? "\(number)" : "\(number)/\(transport.rawValue)"
    }
}
