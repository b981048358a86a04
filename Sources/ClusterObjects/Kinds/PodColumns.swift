/// What tables say of pods (pkg/printers/internalversion, `printPod`).
enum PodColumns {
    static let all: [ResourceKind.Column] = [
        .text("Ready") { pod in
            let ready = containers(pod).count { $0["ready"].isTrue }
            return "\(ready)/\(pod["spec"]["containers"].items.count)"
        },
        .text("Status", status),
        ResourceKind.Column("Restarts") { pod, now in .string(restarts(pod, now)) },
        .age,
        .text("IP", isWide: true) { pod in
            pod["status"]["podIPs"][0]["ip"].text ?? pod["status"]["podIP"].text ?? "<none>"
        },
        .text("Node", isWide: true) { $0["spec"]["nodeName"].text ?? "<none>" },
        .text("Nominated Node", isWide: true) { $0["status"]["nominatedNodeName"].text ?? "<none>" },
        .text("Readiness Gates", isWide: true) { pod in
            let gates = pod["spec"]["readinessGates"].items.compactMap { $0["conditionType"].text }
            if gates.isEmpty { return "<none>" }
            let met = gates.count { gate in
                pod["status"]["conditions"].items.contains { $0["type"].text == gate && $0["status"].text == "True" }
            }
            return "\(met)/\(gates.count)"
        },
    ]

    private static func containers(_ pod: JSON) -> [JSON] { pod["status"]["containerStatuses"].items }

    private static func status(_ pod: JSON) -> String {
        var reason = pod["status"]["reason"].text ?? pod["status"]["phase"].text ?? ""
        var isRunning = false
        for container in containers(pod).reversed() {
            let state = container["state"]
            if let waiting = state["waiting"]["reason"].text, !waiting.isEmpty {
                reason = waiting
            } else if !state["terminated"].isNull {
                reason =
                    state["terminated"]["reason"].text
                    ?? (state["terminated"]["signal"].integer.map { "Signal:\($0)" }
                        ?? "ExitCode:\(state["terminated"]["exitCode"].integer ?? 0)")
            } else if container["ready"].isTrue, !state["running"].isNull {
                isRunning = true
            }
        }
        if reason == "Completed", isRunning {
            let isReady = pod["status"]["conditions"].items.contains {
                $0["type"].text == "Ready" && $0["status"].text == "True"
            }
            reason = isReady ? "Running" : "NotReady"
        }
        if !pod["metadata"]["deletionTimestamp"].isNull {
            return pod["status"]["reason"].text == "NodeLost" ? "Unknown" : "Terminating"
        }
        return reason
    }

    private static func restarts(_ pod: JSON, _ now: Timestamp) -> String {
        let count = containers(pod).reduce(0) { $0 + ($1["restartCount"].integer ?? 0) }
        let last = containers(pod).compactMap {
            $0["lastState"]["terminated"]["finishedAt"].text.flatMap(Timestamp.init)
        }.max()
        if count > 0, let last { return "\(count) (\(last.age(at: now)) ago)" }
        return "\(count)"
    }
}
