import Addresses
import Topology

/// Endpoints that somebody wrote: an `EndpointSlice`, or the older `Endpoints`, which Kubernetes turns into slices.
struct EndpointManifest: Sendable {
    var namespace: String
    /// The object's own name.
    var name: String
    /// The service that they are of.
    var service: String
    var slices: [EndpointSlice]
    /// Whether it is `Endpoints`, which count only where the service selects nothing (endpointslicemirroring).
    var isMirrored: Bool
    /// Whether a controller keeps it, so that where the service has a selector it follows from that.
    var isManaged = false

    /// The label of a slice that names its service.
    private static let serviceLabel = "kubernetes.io/service-name"

    /// The label of a slice that names who keeps it.
    private static let managerLabel = "endpointslice.kubernetes.io/managed-by"

    /// Reads an `EndpointSlice` (discovery.k8s.io/v1); nil for one that cannot be used.
    init?(slice root: Field, _ diagnostics: inout Diagnostics) {
        guard let name = root["metadata"]["name"].text(&diagnostics) else {
            diagnostics.error(root, "an EndpointSlice needs a name: metadata: { name: … }")
            return nil
        }
        guard let service = root["metadata"]["labels"][Self.serviceLabel].text(&diagnostics) else {
            diagnostics.warn(root, "an EndpointSlice without the label \(Self.serviceLabel) is no service's")
            return nil
        }
        self.name = name
        self.service = service
        namespace = root["metadata"]["namespace"].text(&diagnostics) ?? "default"
        isMirrored = false
        isManaged = root["metadata"]["labels"][Self.managerLabel].text == "endpointslice-controller.k8s.io"
        let family: AddressFamily
        switch root["addressType"].text(&diagnostics) {
        case "IPv4": family = .ipv4
        case "IPv6": family = .ipv6
        case "FQDN":
            diagnostics.warn(
                root["addressType"], "no packet is sent to endpoints that are names: kube-proxy takes none")
            return nil
        case let text:
            let found = text.map { "\"\($0)\" is not an address type" } ?? "an EndpointSlice needs its addressType"
            diagnostics.error(text == nil ? root : root["addressType"], "\(found): IPv4 or IPv6")
            return nil
        }
        root.warnOfUnknown(
            ["apiVersion", "kind", "metadata", "addressType", "ports", "endpoints"], "an EndpointSlice", &diagnostics)
        slices = [
            EndpointSlice(
                family, ports: root["ports"].list(&diagnostics).compactMap { EndpointSlice.Port($0, &diagnostics) },
                endpoints: root["endpoints"].list(&diagnostics).compactMap {
                    EndpointSlice.Endpoint($0, family, &diagnostics)
                })
        ]
    }

    /// Reads `Endpoints` (core/v1); nil for what cannot be used.
    init?(endpoints root: Field, _ diagnostics: inout Diagnostics) {
        guard let name = root["metadata"]["name"].text(&diagnostics) else {
            diagnostics.error(root, "Endpoints need the name of their service: metadata: { name: … }")
            return nil
        }
        if root["metadata"]["labels"]["endpointslice.kubernetes.io/skip-mirror"].text == "true" { return nil }
        (self.name, service) = (name, name)
        namespace = root["metadata"]["namespace"].text(&diagnostics) ?? "default"
        isMirrored = true
        slices = []
        for subset in root["subsets"].list(&diagnostics) {
            subset.warnOfUnknown(["addresses", "notReadyAddresses", "ports"], "a subset", &diagnostics)
            let ports = subset["ports"].list(&diagnostics).compactMap { EndpointSlice.Port($0, &diagnostics) }
            for family in AddressFamily.allCases {
                var slice = EndpointSlice(family, ports: ports)
                for (key, isReady) in [("addresses", true), ("notReadyAddresses", false)] {
                    for field in subset[key].list(&diagnostics) {
                        guard let address = field["ip"].serviceAddress(&diagnostics), address.family == family else {
                            continue
                        }
                        slice.endpoints.append(
                            .init(
                                address, isReady: isReady, isServing: isReady,
                                node: field["nodeName"].text(&diagnostics),
                                hostname: field["hostname"].text(&diagnostics)))
                    }
                }
                if !slice.endpoints.isEmpty { slices.append(slice) }
            }
        }
    }
}

extension EndpointSlice.Port {
    fileprivate init?(_ field: Field, _ diagnostics: inout Diagnostics) {
        field.warnOfUnknown(["name", "port", "protocol", "appProtocol"], "an endpoint's port", &diagnostics)
        guard field["port"].isPresent else {
            diagnostics.warn(field, "a port without a number stands for no port: kube-proxy passes over it")
            return nil
        }
        guard let number: UInt16 = field["port"].number(&diagnostics, "a port", 1...65535) else { return nil }
        let name = field["name"].text(&diagnostics)
        self.init(
            name: name == "" ? nil : name, number, Service.transport(field["protocol"], &diagnostics) ?? .tcp)
    }
}

extension EndpointSlice.Endpoint {
    fileprivate init?(_ field: Field, _ family: AddressFamily, _ diagnostics: inout Diagnostics) {
        field.warnOfUnknown(
            [
                "addresses", "conditions", "hostname", "targetRef", "nodeName", "zone", "hints", "deprecatedTopology",
            ], "an endpoint", &diagnostics)
        let addresses = field["addresses"].list(&diagnostics)
        guard let first = addresses.first else {
            diagnostics.error(field, "an endpoint needs its address: addresses: [192.0.2.1]")
            return nil
        }
        guard let address = first.serviceAddress(&diagnostics) else { return nil }
        guard address.family == family else {
            diagnostics.error(first, "\(address) is not \(family), which the slice's addressType says")
            return nil
        }
        if addresses.count > 1 {
            diagnostics.warn(
                addresses[1], "the first address of an endpoint is taken, as kube-proxy does; this one is left out")
        }
        self.init(address)
        let conditions = field["conditions"]
        conditions.warnOfUnknown(["ready", "serving", "terminating"], "an endpoint's conditions", &diagnostics)
        isReady = conditions["ready"].boolean(&diagnostics) ?? true
        isTerminating = conditions["terminating"].boolean(&diagnostics) ?? false
        isServing = conditions["serving"].boolean(&diagnostics) ?? true
        node = field["nodeName"].text(&diagnostics)
        hostname = field["hostname"].text(&diagnostics)
        let hints = field["hints"]
        hints.warnOfUnknown(["forZones", "forNodes"], "an endpoint's hints", &diagnostics)
        zoneHints = hints["forZones"].list(&diagnostics).compactMap { $0["name"].text(&diagnostics) }
        nodeHints = hints["forNodes"].list(&diagnostics).compactMap { $0["name"].text(&diagnostics) }
    }
}

extension Field {
    /// Warns of entries of a map that are not among these: they are none of its object's, or newer than nslab.
    func warnOfUnknown(_ names: Set<String>, _ what: String, _ diagnostics: inout Diagnostics) {
        for (key, field) in entries where !names.contains(key) {
            let near = suggestion(for: key, among: names.sorted())
            diagnostics.warn(
                field,
                "\(what) has no field of this name that is taken over" + (near.map { "; did you mean \($0)?" } ?? ""))
        }
    }
}
