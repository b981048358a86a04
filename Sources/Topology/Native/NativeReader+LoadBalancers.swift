import Addresses
import YAML

/// What services have of load balancers, and endpoints that are written by hand. The fields have Kubernetes' names.
extension NativeReader {
    mutating func readLoadBalancer(_ fields: Fields, _ service: inout Service) {
        service.ingress =
            list(fields, "loadBalancerIngress", example: "[203.0.113.7]") { $0.ingress($1) } ?? []
        service.sourceRanges =
            list(fields, "loadBalancerSourceRanges", example: "[203.0.113.0/24]") { $0.prefix($1) } ?? []
        service.allocatesNodePorts = field(fields, "allocateLoadBalancerNodePorts") { $0.boolean($1) } ?? true
        service.loadBalancerClass = field(fields, "loadBalancerClass") { $0.text($1, "a class of load balancers") }
        service.loadBalancerAddresses =
            list(fields, "loadBalancerIPs", example: "[203.0.113.7]") { $0.address($1) } ?? []
        service.loadBalancerPools =
            list(fields, "loadBalancerPools", example: "[load-balancers]") { $0.text($1, "the name of a pool") } ?? []
        service.healthCheckNodePort = field(fields, "healthCheckNodePort") { $0.number($1, "a port", 1...65535) }
    }

    /// `203.0.113.7`, or `{ ip: 203.0.113.7, ipMode: Proxy }`.
    private mutating func ingress(_ value: YAMLValue) -> Service.Ingress? {
        guard case .mapping = value.content else { return address(value).map { Service.Ingress($0) } }
        let fields = fields(value, ["ip", "ipMode"])
        enum Mode: String, CaseIterable {
            case vip = "VIP"
            case proxy = "Proxy"
        }
        let mode = field(fields, "ipMode") { $0.word($1, "a mode of a load balancer's address", Mode.self) }
        guard fields["ip"] != nil else {
            report(fields.mark, "a load balancer's address: ip: 203.0.113.7")
            return nil
        }
        return field(fields, "ip") { $0.address($1) }.map { Service.Ingress($0, isProxied: mode == .proxy) }
    }

    /// `{ addressType: IPv4, ports: [8080], endpoints: [192.0.2.1] }`.
    mutating func endpointSlice(_ value: YAMLValue) -> EndpointSlice? {
        let fields = fields(value, ["addressType", "ports", "endpoints"])
        let family = field(fields, "addressType") { $0.family($1) } ?? .ipv4
        let ports = list(fields, "ports", example: "[8080]") { $0.slicePort($1) } ?? []
        let endpoints = list(fields, "endpoints", example: "[192.0.2.1]") { $0.sliceEndpoint($1) } ?? []
        return EndpointSlice(family, ports: ports, endpoints: endpoints)
    }

    /// `8080`, `53/UDP`, or `{ name: http, port: 8080, protocol: TCP }`.
    private mutating func slicePort(_ value: YAMLValue) -> EndpointSlice.Port? {
        guard case .mapping = value.content else {
            return shortPort(value).map { EndpointSlice.Port($0.number, $0.transport) }
        }
        let fields = fields(value, ["name", "port", "protocol"])
        let name = field(fields, "name") { $0.text($1, "a port's name") }
        let transport = field(fields, "protocol") { $0.word($1, "a protocol", Transport.self) } ?? .tcp
        guard fields["port"] != nil else {
            report(fields.mark, "an endpoint's port needs its number: port: 8080")
            return nil
        }
        let number: UInt16? = field(fields, "port") { $0.number($1, "a port", 1...65535) }
        return number.map { EndpointSlice.Port(name: name, $0, transport) }
    }

    /// `192.0.2.1`, or `{ address: 192.0.2.1, node: worker1, ready: false, … }`.
    private mutating func sliceEndpoint(_ value: YAMLValue) -> EndpointSlice.Endpoint? {
        guard case .mapping = value.content else { return address(value).map { EndpointSlice.Endpoint($0) } }
        let fields = fields(
            value, ["address", "ready", "serving", "terminating", "node", "hostname", "forZones", "forNodes"])
        guard fields["address"] != nil else {
            report(fields.mark, "an endpoint needs its address: address: 192.0.2.1")
            return nil
        }
        guard let address = field(fields, "address", { $0.address($1) }) else { return nil }
        var endpoint = EndpointSlice.Endpoint(address)
        endpoint.isReady = field(fields, "ready") { $0.boolean($1) } ?? true
        endpoint.isServing = field(fields, "serving") { $0.boolean($1) } ?? true
        endpoint.isTerminating = field(fields, "terminating") { $0.boolean($1) } ?? false
        endpoint.node = field(fields, "node") { $0.text($1, "the name of a node") }
        endpoint.hostname = field(fields, "hostname") { $0.text($1, "a host name") }
        endpoint.zoneHints = list(fields, "forZones", example: "[zone-a]") { $0.text($1, "the name of a zone") } ?? []
        endpoint.nodeHints = list(fields, "forNodes", example: "[worker1]") { $0.text($1, "the name of a node") } ?? []
        return endpoint
    }
}
