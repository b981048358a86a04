import Blueprint
import Engine

/// What `nslab pod stop` and `nslab pod start` did.
public struct PodReport: Encodable, Sendable {
    public var lab: String
    public var pods: [Pod]
    /// The services whose endpoints changed, as `NAMESPACE/NAME`.
    public var services: [String]
    /// The nodes whose rules changed.
    public var nodes: [String]

    /// A pod that was stopped or started, and what it does now.
    public struct Pod: Encodable, Sendable {
        public var namespace: String
        public var name: String
        /// `running` or `stopped`.
        public var state: String
    }
}

extension Lab {
    /// Has pods stop answering: they are taken out of the endpoints of all services, on every node. Their network stays
    /// as it is.
    ///
    /// - Parameters:
    ///   - names: the pods, by name, by a prefix that no other has, or as `pod/NAME`.
    ///   - waiting: called with the lab's name if another command works on it.
    public func stopPods(_ names: [String], waiting: (String) -> Void = { _ in }) throws(NSLabError) -> PodReport {
        try setPods(names, answering: false, waiting)
    }

    /// Has pods answer again that were stopped.
    ///
    /// - Parameters: as for `stopPods`.
    public func startPods(_ names: [String], waiting: (String) -> Void = { _ in }) throws(NSLabError) -> PodReport {
        try setPods(names, answering: true, waiting)
    }

    private func setPods(
        _ names: [String], answering: Bool, _ waiting: (String) -> Void
    ) throws(NSLabError) -> PodReport {
        let lab = name
        return try reportingErrors {
            let change = try running.setPods(names, answering: answering) { waiting(lab) }
            return PodReport(
                lab: lab,
                pods: change.pods.map {
                    .init(namespace: $0.namespace, name: $0.name, state: answering ? "running" : "stopped")
                }, services: change.services, nodes: change.nodes)
        }
    }

    /// The lab's services, with what every node's kernel says of their endpoints.
    public func services() throws(NSLabError) -> [ServiceReport] {
        try reportingErrors {
            if running.blueprint.services.isEmpty { return [] }
            let silent = try running.silentPods()
            let observed = try running.observeServices()
            let nodes = running.blueprint.hasServiceProxy ? running.blueprint.proxiedNodes : [:]
            return running.blueprint.services.map { ServiceReport($0.stopping(silent), observed, nodes) }
        }
    }

    /// The names of the only running lab's pods; empty where they cannot be read.
    public static func podNames() -> [String] {
        (try? RunningLab())?.journal.namespaces.filter { $0.kind == "pod" }.map(\.name) ?? []
    }
}
