/// Rules of names: what DNS, Kubernetes and the kernel take, and each name once.
extension TopologyCheck {
    mutating func names() {
        name(topology.name, .label, FieldPath()["lab"], "a lab's name")
        for (index, router) in topology.routers.enumerated() {
            let path = Self.routers[router.name]
            name(router.name, .label, path, "a router's name")
            unique(.router(index), path)
            // A router without a host name has its name for one, which was looked at already.
            if router.hostname != router.name { hostname(router.hostname, path) }
        }
        for (index, network) in topology.networks.enumerated() {
            name(network.name, .label, Self.networks[network.name], "a network's name")
            unique(.network(index), Self.networks[network.name])
        }
        for (index, node) in topology.nodes.enumerated() {
            let path = Self.nodes[node.name]
            // kubelet cuts its host name there, and a node's name is its host name.
            name(node.name, .subdomain(limit: 63), path, "a node's name")
            unique(.machine(.node(index)), path)
        }
        for (index, host) in topology.hosts.enumerated() {
            let path = Self.hosts[host.name]
            name(host.name, .label, path, "a host's name")
            unique(.machine(.host(index)), path)
            if host.hostname != host.name { hostname(host.hostname, path) }
        }
        aliases()
        poolNames()
        for (index, namespace) in topology.cluster.namespaces.enumerated() {
            name(
                namespace, .label, Self.cluster["namespaces"][index], "the name of a Kubernetes namespace",
                isKubernetes: true)
        }
        workloadNames()
    }

    private mutating func hostname(_ name: String, _ path: FieldPath) {
        if isHostname(name) { return }
        report(
            path["hostname"], "\"\(name)\" is not a host name: letters, digits, hyphens and dots, at most 64 of them")
    }

    /// Checks a name's form.
    ///
    /// - Parameter isKubernetes: whether the API server checks it too.
    mutating func name(
        _ name: String, _ form: NameForm, _ path: FieldPath, _ what: String, isKubernetes: Bool = false
    ) {
        if form.matches(name) { return }
        if isKubernetes { refuse(path, form.complaint(name, what)) } else { report(path, form.complaint(name, what)) }
    }

    private mutating func unique(_ device: Device, _ path: FieldPath) {
        let name = topology.name(of: device)
        guard let first = devices[name], first != device else { return }
        report(
            path,
            "\(name) is already the name of a \(first.kind); routers, networks, nodes and hosts need names of their own"
        )
    }

    /// Other names of devices are names of nothing else.
    private mutating func aliases() {
        var seen: Set<String> = []
        let all =
            topology.routers.map { ($0.aliases, Self.routers[$0.name]) }
            + topology.nodes.map { ($0.aliases, Self.nodes[$0.name]) }
            + topology.hosts.map { ($0.aliases, Self.hosts[$0.name]) }
        for (aliases, path) in all {
            for (index, alias) in aliases.enumerated() {
                name(alias, .label, path["aliases"][index], "another name of a device")
                if devices[alias] != nil || !seen.insert(alias).inserted {
                    report(path["aliases"][index], "\(alias) is already the name of another device")
                }
            }
        }
    }

    private mutating func poolNames() {
        var seen: Set<String> = []
        for pool in topology.cluster.pools {
            let path = Self.cluster["pools"][pool.name]
            name(pool.name, .subdomain, path, "a pool's name", isKubernetes: true)
            if !seen.insert(pool.name).inserted { report(path, "there is another pool of the name \(pool.name)") }
        }
    }

    private mutating func workloadNames() {
        var seen: Set<String> = []
        for workload in topology.workloads {
            let path = Self.path(of: workload)
            if case .statefulSet = workload.kind {
                // Its pods' host names begin with it.
                name(workload.name, .label, path, "a StatefulSet's name", isKubernetes: true)
            } else {
                name(workload.name, .subdomain, path, "a workload's name", isKubernetes: true)
            }
            name(workload.namespace, .label, path["namespace"], "a Kubernetes namespace", isKubernetes: true)
            // Kubernetes keeps the names of different kinds apart; where one writes for oneself it is a mistake.
            let kind = topology.allowsPendingPods ? workload.kind.name : "workload"
            if !seen.insert("\(kind)/\(workload.key)").inserted {
                report(
                    path,
                    "there is another \(kind) of the name \(workload.name) in the namespace \(workload.namespace)"
                )
            }
            // Pods of these kinds have names that are known, and a lab's namespaces are called by name.
            if workload.kind == .pod, let device = devices[workload.name] {
                reportTolerable(
                    path, "\(workload.name) is already the name of a \(device.kind); a Pod needs a name of its own")
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
                || isPrefixed && !NameForm.subdomain.matches(parts[0])
            {
                refuse(
                    path[key],
                    "\"\(key)\" is not a label's name: letters, digits, - _ and . (at most 63), after PREFIX/ if need be"
                )
            }
            if !value.isEmpty, !isLabelWord(value[...]) {
                refuse(path[key], notALabelsValue(value))
            }
        }
    }
}

func notALabelsValue(_ value: String) -> String {
    "\"\(value)\" is not a label's value: letters, digits, - _ and ., with a letter or digit first and last, at most 63"
}

extension Topology {
    /// Whether a lab can have this name: a DNS label (RFC 1123) in lower case, so that it is also a file's name and part
    /// of a namespace's.
    public static func isName(_ name: String) -> Bool { NameForm.label.matches(name) }

    /// What is wrong with a lab's name that is none, and what would be right.
    public static func complaint(aboutName name: String) -> String { NameForm.label.complaint(name, "a lab's name") }
}
