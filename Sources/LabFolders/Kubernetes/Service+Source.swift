import Addresses
import Topology

extension Service {
    /// Reads a `Service`.
    init?(_ root: Field, _ diagnostics: inout Diagnostics) {
        let (metadata, spec) = (root["metadata"], root["spec"])
        guard let name = metadata["name"].text(&diagnostics) else {
            diagnostics.error(root, "a Service needs a name: metadata: { name: … }")
            return nil
        }
        self.init(name: name, namespace: metadata["namespace"].text(&diagnostics) ?? "default")
        guard let kind = Self.kind(spec, &diagnostics) else { return nil }
        self.kind = kind
        selector = spec["selector"].texts(&diagnostics)
        ports = spec["ports"].list(&diagnostics).compactMap { Port($0, &diagnostics) }
        families = spec["ipFamilies"].list(&diagnostics).compactMap { field in
            switch field.text(&diagnostics) {
            case "IPv4": return .ipv4
            case "IPv6": return .ipv6
            case let text?:
                diagnostics.error(field, "\"\(text)\" is not a family; it is IPv4 or IPv6")
                return nil
            case nil: return nil
            }
        }
        clusterAddresses = Self.clusterAddresses(spec, &diagnostics)
        let named = max(families.count, clusterAddresses.count)
        familyPolicy = named > 1 ? .requireDualStack : .singleStack
        if let text = spec["ipFamilyPolicy"].text(&diagnostics) {
            if let policy = FamilyPolicy(rawValue: text) {
                familyPolicy = policy
            } else {
                let names = FamilyPolicy.allCases.map(\.rawValue)
                diagnostics.error(
                    spec["ipFamilyPolicy"], "\"\(text)\" is not a policy: \(names.joined(separator: ", "))")
            }
        }
        externalAddresses = spec["externalIPs"].list(&diagnostics).compactMap { $0.serviceAddress(&diagnostics) }
        readLoadBalancer(root, &diagnostics)
        readAnnotations(metadata, &diagnostics)
        spec.warnOfUnknown(Self.fields, "a Service", &diagnostics)
        trafficDistribution = spec["trafficDistribution"].word(&diagnostics, "a distribution of traffic")
        let affinity = spec["sessionAffinity"].word(&diagnostics, "a session affinity", ["None", "ClientIP"])
        if affinity == "ClientIP" {
            let timeout: UInt32? = spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"].number(
                &diagnostics, "a number of seconds", 1...Self.maximumAffinity)
            sessionAffinity = timeout ?? Self.usualAffinity
        }
        publishesNotReadyAddresses = spec["publishNotReadyAddresses"].boolean(&diagnostics) ?? false
        let policies = ["Cluster", "Local"]
        isInternallyLocal = spec["internalTrafficPolicy"].word(&diagnostics, "a traffic policy", policies) == "Local"
        isExternallyLocal = spec["externalTrafficPolicy"].word(&diagnostics, "a traffic policy", policies) == "Local"
    }

    private static func kind(_ spec: Field, _ diagnostics: inout Diagnostics) -> Kind? {
        switch spec["type"].text(&diagnostics) {
        case nil, "ClusterIP": return spec["clusterIP"].text == "None" ? .headless : .clusterIP
        case "NodePort": return .nodePort
        case "LoadBalancer": return .loadBalancer
        case "ExternalName":
            guard let name = spec["externalName"].text(&diagnostics) else {
                diagnostics.error(
                    spec, "an ExternalName service needs the name it stands for: externalName: example.org")
                return nil
            }
            return .externalName(name)
        case let other?:
            diagnostics.error(
                spec["type"], "\"\(other)\" is not a type of service: ClusterIP, NodePort, LoadBalancer, ExternalName")
            return nil
        }
    }

    private static func clusterAddresses(_ spec: Field, _ diagnostics: inout Diagnostics) -> [IPAddress] {
        let fields = spec["clusterIPs"].isPresent ? spec["clusterIPs"].list(&diagnostics) : [spec["clusterIP"]]
        return fields.compactMap { field in
            field.text == "None" || field.text == "" ? nil : field.serviceAddress(&diagnostics)
        }
    }

    /// A transport protocol, if it is there.
    static func transport(_ field: Field, _ diagnostics: inout Diagnostics) -> Transport? {
        guard let text = field.text(&diagnostics) else { return nil }
        if let transport = Transport(rawValue: text) { return transport }
        diagnostics.error(field, "\"\(text)\" is not a protocol: TCP, UDP or SCTP")
        return nil
    }
}

extension Service.Port {
    fileprivate init?(_ field: Field, _ diagnostics: inout Diagnostics) {
        guard field["port"].isPresent else {
            diagnostics.error(field, "a service's port needs its number: port: 80")
            return nil
        }
        guard let number: UInt16 = field["port"].number(&diagnostics, "a port", 1...65535) else { return nil }
        field.warnOfUnknown(
            ["name", "port", "protocol", "targetPort", "nodePort", "appProtocol"], "a Service's port", &diagnostics)
        self.init(
            name: field["name"].text(&diagnostics),
            transport: Service.transport(field["protocol"], &diagnostics) ?? .tcp, port: number)
        if let text = field["targetPort"].text(&diagnostics) {
            if text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
                let port: UInt16? = field["targetPort"].number(&diagnostics, "a port", 1...65535)
                target = .number(port ?? number)
            } else {
                target = .name(text)
            }
        }
        nodePort = field["nodePort"].number(&diagnostics, "a port", 1...65535)
    }
}
