import Blueprint
import KubeProxy
import NetworkNamespaces
import Nftables

/// UDP flows that nodes go on sending to endpoints which are none any more. kube-proxy has the kernel forget them whenever it has
/// changed a node's rules.
struct StaleConnections: Sendable {
    private let endpoints: DatagramEndpoints

    /// - Parameter services: as they are now.
    init(_ services: [ClusterService]) { endpoints = services.datagramEndpoints }

    /// Has nodes forget such flows.
    ///
    /// - Parameter nodes: those whose rules have changed, by name and pin.
    func forget(on nodes: [(name: String, pin: String)]) throws(EngineError) {
        if endpoints.isEmpty || nodes.isEmpty { return }
        try reportingRefusals(of: "connection tracking") {
            try NamespaceThread.forEach(nodes.count) { thread, index in
                try thread.enter(nodes[index].pin, of: nodes[index].name) { inside in
                    var tracking = try ConnectionTracking(in: inside)
                    try tracking.forgetDatagrams { flow in
                        guard let ports = flow.original.ports, let answering = flow.reply.ports else { return false }
                        return endpoints.isStale(
                            to: (flow.original.destination, ports.destination),
                            answeredBy: (flow.reply.source, answering.source))
                    }
                }
            }
        }
    }
}
