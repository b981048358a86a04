import Addresses
import YAML

/// Services, and the ports of pods that they lead to. The fields have Kubernetes' names.
extension NativeReader {
    /// The map of a service. The key may name its namespace too: `kube-system/kube-dns`.
    mutating func service(_ key: String, _ value: YAMLValue) -> Service? {
        let fields = fields(
            value,
            [
                "namespace", "type", "selector", "ports", "ipFamilies", "ipFamilyPolicy", "clusterIP", "clusterIPs",
                "externalIPs", "externalName", "sessionAffinity", "sessionAffinityTimeout", "publishNotReadyAddresses",
                "internalTrafficPolicy", "externalTrafficPolicy", "loadBalancerIngress", "loadBalancerSourceRanges",
                "allocateLoadBalancerNodePorts", "loadBalancerClass", "loadBalancerIPs", "loadBalancerPools",
                "healthCheckNodePort", "trafficDistribution", "endpointSlices",
            ])
        let (name, namespace) = qualifiedName(key, fields)
        var service = Service(name: name, namespace: namespace)
        service.kind = serviceKind(fields)
        service.selector = field(fields, "selector") { $0.labels($1) } ?? [:]
        service.ports =
            list(fields, "ports", example: "[80] or [{ port: 80, targetPort: 8080 }]") { $0.servicePort($1) } ?? []
        service.families =
            list(fields, "ipFamilies", example: "[IPv4, IPv6]") { $0.family($1) } ?? []
        service.clusterAddresses = clusterAddresses(fields)
        service.externalAddresses =
            list(fields, "externalIPs", example: "[203.0.113.10]") { $0.address($1) } ?? []
        // Where nothing is said, the API server asks for as many families as were named.
        let named = max(service.families.count, service.clusterAddresses.count)
        service.familyPolicy =
            field(fields, "ipFamilyPolicy") { $0.word($1, "a policy of families", Service.FamilyPolicy.self) }
            ?? (named > 1 ? .requireDualStack : .singleStack)
        service.sessionAffinity = sessionAffinity(fields)
        service.publishesNotReadyAddresses = field(fields, "publishNotReadyAddresses") { $0.boolean($1) } ?? false
        service.isInternallyLocal = field(fields, "internalTrafficPolicy") { $0.isLocal($1) } ?? false
        service.isExternallyLocal = field(fields, "externalTrafficPolicy") { $0.isLocal($1) } ?? false
        readLoadBalancer(fields, &service)
        service.trafficDistribution = field(fields, "trafficDistribution") {
            $0.word($1, "a distribution of traffic", Service.TrafficDistribution.self)
        }
        service.endpointSlices =
            list(fields, "endpointSlices", example: "[{ addressType: IPv4, endpoints: [192.0.2.1] }]") {
                $0.endpointSlice($1)
            } ?? []
        return service
    }

    /// `multitool`, or with its namespace before a slash or in a field.
    mutating func qualifiedName(_ key: String, _ fields: Fields) -> (name: String, namespace: String) {
        let parts = key.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        var namespace = parts.count == 2 ? String(parts[0]) : "default"
        let name = field(fields, "name") { $0.text($1, "a name") } ?? String(parts[parts.count - 1])
        _ = field(fields, "namespace") { reader, value in
            if parts.count == 2 {
                reader.report(value.mark, "the key names a namespace already: \(parts[0])")
            } else if let text = reader.text(value, "a Kubernetes namespace") {
                namespace = text
            }
        }
        return (name, namespace)
    }

    private mutating func serviceKind(_ fields: Fields) -> Service.Kind {
        enum Name: String, CaseIterable {
            case clusterIP = "ClusterIP"
            case nodePort = "NodePort"
            case loadBalancer = "LoadBalancer"
            case externalName = "ExternalName"
        }
        let name = field(fields, "type") { $0.word($1, "a type of service", Name.self) }
        let external = field(fields, "externalName") { $0.text($1, "a DNS name") }
        let isHeadless = fields["clusterIP"]?.text == "None"
        if let value = fields["externalName"], let name, name != .externalName {
            at(.key("externalName")) { $0.report(value.mark, "a \(name.rawValue) service has no externalName") }
        }
        switch name {
        case _ where external != nil: return .externalName(external ?? "")
        case .externalName:
            if fields["externalName"] == nil {
                report(fields.mark, "an ExternalName service needs the name it stands for: externalName: example.org")
            }
            return .externalName("")
        case .nodePort, .loadBalancer:
            if isHeadless, let value = fields["clusterIP"] {
                at(.key("clusterIP")) {
                    $0.report(value.mark, "a service with ports on the nodes has an address of its own; leave None out")
                }
            }
            return name == .nodePort ? .nodePort : .loadBalancer
        case .clusterIP, nil: return isHeadless ? .headless : .clusterIP
        }
    }

    /// `clusterIP: ADDRESS`, or `clusterIPs: [ADDRESSES]`.
    private mutating func clusterAddresses(_ fields: Fields) -> [IPAddress] {
        if let value = fields["clusterIPs"], fields["clusterIP"] != nil {
            at(.key("clusterIPs")) { $0.report(value.mark, "write clusterIP or clusterIPs, not both") }
        }
        if let single = fields["clusterIP"] {
            if single.text == "None" { return [] }
            return field(fields, "clusterIP") { $0.address($1) }.map { [$0] } ?? []
        }
        return list(fields, "clusterIPs", example: "[10.96.0.10]") { $0.address($1) } ?? []
    }

    private mutating func sessionAffinity(_ fields: Fields) -> UInt32? {
        enum Name: String, CaseIterable {
            case none = "None"
            case clientIP = "ClientIP"
        }
        let name = field(fields, "sessionAffinity") { $0.word($1, "a session affinity", Name.self) }
        let timeout: UInt32? = field(fields, "sessionAffinityTimeout") {
            $0.number($1, "a number of seconds", 1...Service.maximumAffinity)
        }
        if let value = fields["sessionAffinityTimeout"], name != .clientIP {
            at(.key("sessionAffinityTimeout")) { $0.report(value.mark, "only sessionAffinity: ClientIP has a timeout") }
        }
        return name == .clientIP ? timeout ?? Service.usualAffinity : nil
    }

    private mutating func isLocal(_ value: YAMLValue) -> Bool? {
        enum Name: String, CaseIterable {
            case cluster = "Cluster"
            case local = "Local"
        }
        return word(value, "a traffic policy", Name.self).map { $0 == .local }
    }

    mutating func family(_ value: YAMLValue) -> AddressFamily? {
        enum Name: String, CaseIterable {
            case ipv4 = "IPv4"
            case ipv6 = "IPv6"
        }
        return word(value, "a family", Name.self).map { $0 == .ipv4 ? .ipv4 : .ipv6 }
    }

    // MARK: Ports

    /// `80`, `53/UDP`, or `{ port: 80, targetPort: 8080, protocol: TCP, name: http, nodePort: 30080 }`.
    private mutating func servicePort(_ value: YAMLValue) -> Service.Port? {
        guard case .mapping = value.content else {
            return shortPort(value).map { Service.Port(transport: $0.transport, port: $0.number) }
        }
        let fields = fields(value, ["name", "port", "targetPort", "protocol", "nodePort"])
        let name = field(fields, "name") { $0.text($1, "a port's name") }
        let transport = field(fields, "protocol") { $0.word($1, "a protocol", Transport.self) } ?? .tcp
        let target = field(fields, "targetPort") { $0.target($1) }
        let nodePort: UInt16? = field(fields, "nodePort") { $0.number($1, "a port", 1...65535) }
        guard fields["port"] != nil else {
            report(fields.mark, "a service's port needs its number: port: 80")
            return nil
        }
        guard let port: UInt16 = field(fields, "port", { $0.number($1, "a port", 1...65535) }) else { return nil }
        return Service.Port(name: name, transport: transport, port: port, target: target, nodePort: nodePort)
    }

    /// A number, or the name of a container's port.
    private mutating func target(_ value: YAMLValue) -> Service.Target? {
        guard let text = text(value, "a port's number, or the name of a pod's port") else { return nil }
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return .name(text)
        }
        let number: UInt16? = number(value, "a port", 1...65535)
        return number.map { .number($0) }
    }

    /// `8080`, `53/UDP`, or `{ port: 8080, name: http, protocol: TCP, answer: http, listen: ipv4, body: "…", hostPort: 8081 }`.
    mutating func containerPort(_ value: YAMLValue) -> Workload.ContainerPort? {
        guard case .mapping = value.content else {
            return shortPort(value).map { Workload.ContainerPort($0.number, $0.transport) }
        }
        let fields = fields(value, ["name", "port", "protocol", "answer", "listen", "body", "hostPort", "hostIP"])
        let name = field(fields, "name") { $0.text($1, "a port's name") }
        let transport = field(fields, "protocol") { $0.word($1, "a protocol", Transport.self) } ?? .tcp
        let answer = field(fields, "answer") { $0.word($1, "an answer", Workload.ContainerPort.Answer.self) }
        let listen = field(fields, "listen") {
            $0.word($1, "what a socket listens on", Workload.ContainerPort.Listen.self)
        }
        let body = field(fields, "body") { $0.literal($1, "the text of an answer") }
        guard fields["port"] != nil else {
            report(fields.mark, "a pod's port needs its number: port: 8080")
            return nil
        }
        guard let port: UInt16 = field(fields, "port", { $0.number($1, "a port", 1...65535) }) else { return nil }
        var read = Workload.ContainerPort(
            name: name, port, transport, answer: answer, listen: listen ?? .dual, body: body)
        read.hostPort = field(fields, "hostPort") { $0.number($1, "a port", 1...65535) }
        read.hostAddress = field(fields, "hostIP") { $0.address($1) }
        return read
    }

    mutating func shortPort(_ value: YAMLValue) -> (number: UInt16, transport: Transport)? {
        guard let text = text(value, "a port, such as 80 or 53/UDP") else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        if let number: UInt16 = Self.decimal(parts[0]), number > 0, parts.count <= 2,
            let transport = parts.count == 1 ? .tcp : Transport(rawValue: String(parts[1]))
        {
            return (number, transport)
        }
        report(
            value.mark,
            "\"\(text)\" is not a port: a number from 1 to 65535, with its protocol behind a slash unless it is TCP, "
                + "such as 53/UDP")
        return nil
    }

    // MARK: Words

    /// One of the words of an enumeration.
    mutating func word<Words: RawRepresentable & CaseIterable>(
        _ value: YAMLValue, _ what: String, _: Words.Type
    ) -> Words? where Words.RawValue == String {
        let names = Words.allCases.map(\.rawValue)
        // A word such as None or dual is written plain; one that YAML has another meaning for is reported by text().
        guard let text = text(value, names.joined(separator: ", ")) else { return nil }
        if let word = Words(rawValue: text) { return word }
        report(
            value.mark,
            "\"\(text)\" is not \(what): \(names.joined(separator: ", "))\(didYouMean(text, among: names))")
        return nil
    }
}

extension Service {
    /// How long a client stays with one pod where nothing is said, in seconds (`DefaultClientIPServiceAffinitySeconds`).
    public static let usualAffinity: UInt32 = 10800
    /// The longest that a client can stay with one pod, in seconds (`MaxClientIPServiceAffinitySeconds`).
    public static let maximumAffinity: UInt32 = 86400
}
