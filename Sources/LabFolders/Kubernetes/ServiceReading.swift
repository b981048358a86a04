import Addresses
import Topology

extension Service {
    /// Reads a `Service`.
    init?(_ root: Field, _ findings: inout Findings) {
        let (metadata, spec) = (root["metadata"], root["spec"])
        guard let name = metadata["name"].text(&findings) else {
            findings.error(root, "a Service needs a name: metadata: { name: … }")
            return nil
        }
        self.init(name: name, namespace: metadata["namespace"].text(&findings) ?? "default")
        guard let kind = Self.kind(spec, &findings) else { return nil }
        self.kind = kind
        selector = spec["selector"].texts(&findings)
        ports = spec["ports"].list(&findings).compactMap { Port($0, &findings) }
        families = spec["ipFamilies"].list(&findings).compactMap { field in
            switch field.text(&findings) {
            case "IPv4": return .ipv4
            case "IPv6": return .ipv6
            case let text?:
                findings.error(field, "\"\(text)\" is not a family; it is IPv4 or IPv6")
                return nil
            case nil: return nil
            }
        }
        clusterAddresses = Self.clusterAddresses(spec, &findings)
        let named = max(families.count, clusterAddresses.count)
        familyPolicy = named > 1 ? .requireDualStack : .singleStack
        if let text = spec["ipFamilyPolicy"].text(&findings) {
            if let policy = FamilyPolicy(rawValue: text) {
                familyPolicy = policy
            } else {
                let names = FamilyPolicy.allCases.map(\.rawValue)
                findings.error(spec["ipFamilyPolicy"], "\"\(text)\" is not a policy: \(names.joined(separator: ", "))")
            }
        }
        externalAddresses = spec["externalIPs"].list(&findings).compactMap { $0.address(&findings) }
        if kind == .loadBalancer, let address = spec["loadBalancerIP"].address(&findings) {
            externalAddresses.append(address)
        }
        if spec["sessionAffinity"].text(&findings) == "ClientIP" {
            let timeout: UInt32? = spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"].number(
                &findings, "a number of seconds", 1...Self.maximumAffinity)
            sessionAffinity = timeout ?? Self.usualAffinity
        }
        publishesNotReadyAddresses = spec["publishNotReadyAddresses"].boolean(&findings) ?? false
        isInternallyLocal = spec["internalTrafficPolicy"].text(&findings) == "Local"
        isExternallyLocal = spec["externalTrafficPolicy"].text(&findings) == "Local"
    }

    private static func kind(_ spec: Field, _ findings: inout Findings) -> Kind? {
        switch spec["type"].text(&findings) {
        case nil, "ClusterIP": return spec["clusterIP"].text == "None" ? .headless : .clusterIP
        case "NodePort": return .nodePort
        case "LoadBalancer": return .loadBalancer
        case "ExternalName":
            guard let name = spec["externalName"].text(&findings) else {
                findings.error(spec, "an ExternalName service needs the name it stands for: externalName: example.org")
                return nil
            }
            return .externalName(name)
        case let other?:
            findings.error(
                spec["type"], "\"\(other)\" is not a type of service: ClusterIP, NodePort, LoadBalancer, ExternalName")
            return nil
        }
    }

    private static func clusterAddresses(_ spec: Field, _ findings: inout Findings) -> [IPAddress] {
        let fields = spec["clusterIPs"].isPresent ? spec["clusterIPs"].list(&findings) : [spec["clusterIP"]]
        return fields.compactMap { field in
            field.text == "None" || field.text == "" ? nil : field.address(&findings)
        }
    }

    /// A transport protocol, if it is there.
    static func transport(_ field: Field, _ findings: inout Findings) -> Transport? {
        guard let text = field.text(&findings) else { return nil }
        if let transport = Transport(rawValue: text) { return transport }
        findings.error(field, "\"\(text)\" is not a protocol: TCP, UDP or SCTP")
        return nil
    }
}

extension Service.Port {
    fileprivate init?(_ field: Field, _ findings: inout Findings) {
        guard field["port"].isPresent else {
            findings.error(field, "a service's port needs its number: port: 80")
            return nil
        }
        guard let number: UInt16 = field["port"].number(&findings, "a port", 1...65535) else { return nil }
        self.init(
            name: field["name"].text(&findings),
            transport: Service.transport(field["protocol"], &findings) ?? .tcp, port: number)
        if let text = field["targetPort"].text(&findings) {
            if text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
                let port: UInt16? = field["targetPort"].number(&findings, "a port", 1...65535)
                target = .number(port ?? number)
            } else {
                target = .name(text)
            }
        }
        nodePort = field["nodePort"].number(&findings, "a port", 1...65535)
    }
}
