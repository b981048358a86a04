import Addresses
import Topology
import YAML

/// What a pod or its Kubernetes namespace asks of Calico (docs.tigera.io, "Configure the Calico CNI plugins").
struct CalicoAnnotations {
    /// `cni.projectcalico.org/ipAddrs`, or `ipAddrsNoIpam`.
    var addresses: [IPAddress] = []
    /// `cni.projectcalico.org/ipv4pools` and `ipv6pools`: names of pools, or their ranges.
    var pools: [String] = []
    /// `cni.projectcalico.org/hwAddr`.
    var hardwareAddress: MACAddress?

    private static let prefix = "cni.projectcalico.org/"

    init(_ annotations: Field, _ diagnostics: inout Diagnostics) {
        for (key, field) in annotations.map(&diagnostics) where key.hasPrefix(Self.prefix) {
            switch key.dropFirst(Self.prefix.count) {
            case "ipAddrs", "ipAddrsNoIpam": addresses += Self.addresses(field, &diagnostics)
            case "ipv4pools", "ipv6pools": pools += Self.list(field, &diagnostics)
            case "hwAddr":
                guard let text = field.text(&diagnostics) else { continue }
                hardwareAddress = MACAddress(text)
                if hardwareAddress == nil { diagnostics.error(field, "\"\(text)\" is not a MAC address") }
            case "containerID", "podIP", "podIPs", "sandboxDNS": break
            case "floatingIPs": diagnostics.warn(field, "floating addresses are not taken over")
            case let name:
                let near = suggestion(for: String(name), among: Self.names)
                diagnostics.warn(
                    field, "this is not taken over" + (near.map { "; did you mean \"\(Self.prefix)\($0)\"?" } ?? ""))
            }
        }
    }

    private static let names = ["floatingIPs", "hwAddr", "ipAddrs", "ipAddrsNoIpam", "ipv4pools", "ipv6pools"]

    /// A list of addresses in JSON.
    static func addresses(_ field: Field, _ diagnostics: inout Diagnostics) -> [IPAddress] {
        list(field, &diagnostics).compactMap { text in
            if let address = IPAddress(text) { return address }
            diagnostics.error(field, "\"\(text)\" is not an address")
            return nil
        }
    }

    /// A list in JSON, which is YAML too.
    static func list(_ field: Field, _ diagnostics: inout Diagnostics) -> [String] {
        guard let text = field.text(&diagnostics) else { return [] }
        let document = YAMLDocument.documents(of: Array(text.utf8)).first
        guard let value = try? document?.read()?.root, case .sequence(let items) = value.content,
            !items.contains(where: { $0.text == nil })
        else {
            diagnostics.error(field, "want a list in JSON, such as '[\"192.168.10.10\"]', found \(text)")
            return []
        }
        return items.compactMap(\.text)
    }
}
