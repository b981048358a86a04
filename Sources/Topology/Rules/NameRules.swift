/// Rules of names: what DNS, Kubernetes and the kernel take, and each name once.
extension TopologyCheck {
    mutating func names() {
        label(topology.name, FieldPath()["lab"], "a lab's name")
        for (index, router) in topology.routers.enumerated() {
            let path = Self.routers[router.name]
            label(router.name, path, "a router's name")
            unique(.router(index), path)
            // A router without a host name has its name for one, which was looked at already.
            if router.hostname != router.name { hostname(router.hostname, path) }
        }
        for (index, network) in topology.networks.enumerated() {
            label(network.name, Self.networks[network.name], "a network's name")
            unique(.network(index), Self.networks[network.name])
        }
        for (index, node) in topology.nodes.enumerated() {
            let path = Self.nodes[node.name]
            // The kernel's host name holds 64 bytes.
            if !isSubdomain(node.name, limit: 63) {
                report(path, notALabel(node.name, "a node's name", "DNS label, or several joined by dots"))
            }
            unique(.node(index), path)
        }
        for (index, host) in topology.hosts.enumerated() {
            let path = Self.hosts[host.name]
            label(host.name, path, "a host's name")
            unique(.host(index), path)
            if host.hostname != host.name { hostname(host.hostname, path) }
        }
        poolNames()
        workloadNames()
    }

    private mutating func hostname(_ name: String, _ path: FieldPath) {
        if isHostname(name) { return }
        report(
            path["hostname"], "\"\(name)\" is not a host name: letters, digits, hyphens and dots, at most 64 of them")
    }

    mutating func label(_ name: String, _ path: FieldPath, _ what: String) {
        if !isLabel(name) { report(path, notALabel(name, what, "DNS label")) }
    }

    private mutating func unique(_ device: Device, _ path: FieldPath) {
        let name = topology.name(of: device)
        guard let first = devices[name], first != device else { return }
        report(
            path,
            "\(name) is already the name of a \(kind(first)); routers, networks, nodes and hosts need names of their own"
        )
    }

    private func kind(_ device: Device) -> String {
        switch device {
        case .router: "router"
        case .network: "network"
        case .node: "node"
        case .host: "host"
        }
    }

    private mutating func poolNames() {
        var seen: Set<String> = []
        for pool in topology.cluster.pools {
            let path = Self.cluster["pools"][pool.name]
            if !isSubdomain(pool.name, limit: 253) {
                report(path, notALabel(pool.name, "a pool's name", "DNS label, or several joined by dots"))
            }
            if !seen.insert(pool.name).inserted { report(path, "there is another pool of the name \(pool.name)") }
        }
    }

    private mutating func workloadNames() {
        var seen: Set<String> = []
        for workload in topology.workloads {
            let path = Self.path(of: workload)
            label(workload.name, path, "a workload's name")
            label(workload.namespace, path["namespace"], "a Kubernetes namespace")
            // Kubernetes keeps the names of different kinds apart; where one writes for oneself it is a mistake.
            let sort = topology.allowsPendingPods ? workload.kind.name : "workload"
            if !seen.insert("\(sort)/\(workload.key)").inserted {
                report(
                    path,
                    "there is another \(sort) of the name \(workload.name) in the namespace \(workload.namespace)"
                )
            }
            // Pods of these kinds have names that are known, and a lab's namespaces are called by name.
            if workload.kind == .pod, let device = devices[workload.name] {
                reportTolerable(
                    path, "\(workload.name) is already the name of a \(kind(device)); a Pod needs a name of its own")
            }
        }
    }

    // MARK: Labels

    /// Kubernetes' rules for labels (`IsQualifiedName` and `IsValidLabelValue` in apimachinery).
    mutating func labels() {
        for node in topology.nodes where !node.labels.isEmpty {
            labels(node.labels, Self.nodes[node.name]["labels"])
        }
        for pool in topology.cluster.pools {
            if case .labels(let labels) = pool.nodeSelector {
                let path = Self.cluster["pools"][pool.name]["nodeSelector"]
                if labels.isEmpty { report(path, "a selector without labels selects all nodes; leave it out") }
                self.labels(labels, path)
            }
        }
        for workload in topology.workloads {
            labels(workload.labels, Self.path(of: workload)["labels"])
            labels(workload.nodeSelector, Self.path(of: workload)["nodeSelector"])
        }
    }

    mutating func labels(_ labels: [String: String], _ path: FieldPath) {
        for (key, value) in labels.sorted(by: { $0.key < $1.key }) {
            let parts = key.split(separator: "/", omittingEmptySubsequences: false)
            let isPrefixed = parts.count == 2
            if parts.count > 2 || !isLabelWord(parts[parts.count - 1])
                || isPrefixed && !isSubdomain(parts[0], limit: 253)
            {
                report(
                    path[key],
                    "\"\(key)\" is not a label's name: letters, digits, - _ and . (at most 63), after PREFIX/ if need be"
                )
            }
            if !value.isEmpty, !isLabelWord(value[...]) {
                report(
                    path[key],
                    "\"\(value)\" is not a label's value: letters, digits, - _ and ., with a letter or digit first and "
                        + "last, at most 63")
            }
        }
    }
}

extension Topology {
    /// Whether a lab can have this name: a DNS label (RFC 1123) in lower case, so that it is also a file's name and part
    /// of a namespace's.
    public static func isName(_ name: String) -> Bool { isLabel(name) }

    /// What is wrong with a lab's name that is none, and what would be right.
    public static func complaint(aboutName name: String) -> String { notALabel(name, "a lab's name", "DNS label") }
}

/// What a DNS label is, and what the name might have been meant to be.
func notALabel(_ name: String, _ what: String, _ form: String) -> String {
    let repaired = String(name.lowercased().map { $0 == "_" || $0 == " " ? "-" : $0 })
    return "\(what) is a \(form) (RFC 1123): lower-case letters, digits and hyphens, a letter or digit first and last, "
        + "at most 63; \"\(name)\" is not" + (isLabel(repaired) ? ", \"\(repaired)\" would be" : "")
}

func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
    default: false
    }
}

/// RFC 1123 as Kubernetes reads it: lower case.
func isLabel(_ text: some StringProtocol) -> Bool {
    let bytes = text.utf8
    guard let first = bytes.first, bytes.count <= 63, isAlphanumeric(first) else { return false }
    var last = first
    for byte in bytes {
        guard isAlphanumeric(byte) || byte == UInt8(ascii: "-") else { return false }
        last = byte
    }
    return isAlphanumeric(last)
}

func isSubdomain(_ text: some StringProtocol, limit: Int) -> Bool {
    if isLabel(text) { return true }
    return text.utf8.count <= limit
        && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isLabel($0) }
}

private func isHostname(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
        && text.lowercased().split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isLabel($0) }
}

private func isLabelWord(_ text: Substring) -> Bool {
    let bytes = text.lowercased().utf8
    guard let first = bytes.first, let last = bytes.last, bytes.count <= 63, isAlphanumeric(first), isAlphanumeric(last)
    else { return false }
    return bytes.allSatisfy { byte in
        isAlphanumeric(byte) || [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ".")].contains(byte)
    }
}
