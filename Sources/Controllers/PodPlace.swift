import Blueprint
import ClusterObjects
import Topology

/// Where a running pod lives.
struct PodPlace {
    /// What nslab calls its host: a host of its own, or its node.
    var host: String
    /// The pin of its network namespace.
    var pin: String

    /// Those of all pods that run.
    ///
    /// - Parameter objects: the cluster's.
    static func all(of objects: [JSON], _ blueprint: Blueprint) -> [PodReference: PodPlace] {
        var places: [PodReference: PodPlace] = [:]
        let nodes = Dictionary(
            blueprint.namespaces.filter { $0.kind == .node }.map { ($0.name, blueprint.pin(of: $0)) },
            uniquingKeysWith: { first, _ in first })
        for pod in objects where pod["kind"].text == "Pod" && pod["status"]["phase"].text == "Running" {
            guard let namespace = pod["metadata"]["namespace"].text, let name = pod["metadata"]["name"].text,
                let node = pod["spec"]["nodeName"].text, let pin = nodes[node]
            else { continue }
            places[PodReference(namespace: namespace, name: name)] = PodPlace(host: node, pin: pin)
        }
        for namespace in blueprint.namespaces {
            let pin = blueprint.pin(of: namespace)
            if let pod = namespace.pod { places[pod] = PodPlace(host: namespace.name, pin: pin) }
            for hosted in namespace.hostPods {
                places[hosted.pod] = PodPlace(host: "pod/\(hosted.pod.name)", pin: pin)
            }
        }
        return places
    }
}
