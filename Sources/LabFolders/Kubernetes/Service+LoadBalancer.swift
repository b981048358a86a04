import Addresses
import Topology

/// What a `Service` has of load balancers, and its annotations.
extension Service {
    /// The fields of its `spec` (core/v1 `ServiceSpec`).
    static let fields: Set<String> = [
        "allocateLoadBalancerNodePorts", "clusterIP", "clusterIPs", "externalIPs", "externalName",
        "externalTrafficPolicy",
        "healthCheckNodePort", "internalTrafficPolicy", "ipFamilies", "ipFamilyPolicy", "loadBalancerClass",
        "loadBalancerIP", "loadBalancerSourceRanges", "ports", "publishNotReadyAddresses", "selector",
        "sessionAffinity",
        "sessionAffinityConfig", "trafficDistribution", "type",
    ]

    mutating func readLoadBalancer(_ root: Field, _ diagnostics: inout Diagnostics) {
        let spec = root["spec"]
        allocatesNodePorts = spec["allocateLoadBalancerNodePorts"].boolean(&diagnostics) ?? true
        loadBalancerClass = spec["loadBalancerClass"].text(&diagnostics)
        sourceRanges = spec["loadBalancerSourceRanges"].list(&diagnostics).compactMap { $0.range(&diagnostics) }
        if let port: UInt16 = spec["healthCheckNodePort"].number(&diagnostics, "a port", 0...65535), port != 0 {
            healthCheckNodePort = port
        }
        let status = root["status"]["loadBalancer"]["ingress"]
        // The API server keeps none for other types.
        guard kind == .loadBalancer else {
            if status.isPresent {
                diagnostics.warn(
                    status, "only a service of type LoadBalancer has load balancers' addresses; they are left out")
            }
            return
        }
        for field in status.list(&diagnostics) {
            field.warnOfUnknown(["ip", "ipMode", "hostname", "ports"], "a load balancer's address", &diagnostics)
            let mode = field["ipMode"].word(&diagnostics, "a mode of a load balancer's address", ["VIP", "Proxy"])
            guard field["ip"].isPresent else {
                diagnostics.warn(field, "a load balancer that has a name and no address gets no packet of the lab")
                continue
            }
            if let address = field["ip"].serviceAddress(&diagnostics) {
                ingress.append(Ingress(address, isProxied: mode == "Proxy"))
            }
        }
        // Where no load balancer has written what it has, it has what it was asked for.
        if ingress.isEmpty, let address = spec["loadBalancerIP"].serviceAddress(&diagnostics) {
            ingress.append(Ingress(address))
        }
    }

    mutating func readAnnotations(_ metadata: Field, _ diagnostics: inout Diagnostics) {
        for (key, field) in metadata["annotations"].map(&diagnostics) {
            switch key {
            case "projectcalico.org/loadBalancerIPs":
                loadBalancerAddresses = CalicoAnnotations.addresses(field, &diagnostics)
            case "projectcalico.org/ipv4pools", "projectcalico.org/ipv6pools":
                loadBalancerPools += CalicoAnnotations.list(field, &diagnostics)
            case "service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints":
                if field.text?.lowercased() == "auto" {
                    diagnostics.warn(
                        field,
                        "endpoints get no hints by the zones' processors; spec.trafficDistribution gives them hints")
                }
            default: break
            }
        }
        let proxy = metadata["labels"]["service.kubernetes.io/service-proxy-name"]
        if proxy.isPresent {
            diagnostics.warn(proxy, "there is no other proxy for services: kube-proxy's rules are there")
        }
    }
}

extension Field {
    /// A range of clients; blanks around it do not count (`LoadBalancerSourceRanges` in Kubernetes' pkg/proxy/serviceport.go).
    fileprivate func range(_ diagnostics: inout Diagnostics) -> Prefix? {
        guard let text = text(&diagnostics) else { return nil }
        let parts = text.trimmingBlanks.split(separator: "/", omittingEmptySubsequences: false)
        let length = parts.last.flatMap { Int($0) }.map(String.init) ?? ""
        if parts.count == 2, let prefix = InterfaceAddress("\(Self.decimal(parts[0]))/\(length)")?.prefix {
            return prefix
        }
        diagnostics.error(self, "\"\(text)\" is not a prefix, such as 203.0.113.0/24")
        return nil
    }

    /// An address of a service, if it is there. Of old, the API server takes IPv4 addresses whose numbers begin with zeros, and
    /// reads them as decimal (`ParseIPSloppy` in k8s.io/utils/net).
    func serviceAddress(_ diagnostics: inout Diagnostics) -> IPAddress? {
        if let text, let address = IPAddress(Self.decimal(text[...])) { return address }
        return address(&diagnostics)
    }

    /// A text without the zeros that the numbers of an IPv4 address begin with.
    private static func decimal(_ text: Substring) -> String {
        if text.contains(":") { return String(text) }
        return text.split(separator: ".", omittingEmptySubsequences: false).map { part in
            let rest = part.drop { $0 == "0" }
            return rest.isEmpty && !part.isEmpty ? "0" : String(rest)
        }.joined(separator: ".")
    }

    /// One of these words, if the field is there.
    func word(_ diagnostics: inout Diagnostics, _ what: String, _ words: [String]) -> String? {
        guard let text = text(&diagnostics) else { return nil }
        if words.contains(text) { return text }
        let near = suggestion(for: text, among: words).map { "; did you mean \"\($0)\"?" } ?? ""
        diagnostics.error(self, "\"\(text)\" is not \(what): \(words.joined(separator: ", "))\(near)")
        return nil
    }

    /// One of the words of an enumeration, if the field is there.
    func word<Words: RawRepresentable & CaseIterable>(_ diagnostics: inout Diagnostics, _ what: String) -> Words?
    where Words.RawValue == String {
        word(&diagnostics, what, Words.allCases.map(\.rawValue)).flatMap(Words.init)
    }
}
