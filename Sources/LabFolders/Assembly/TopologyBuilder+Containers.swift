import Topology

extension TopologyBuilder {
    /// What machines would be as containers of containerlab's and kind's.
    var containers: [ContainerNode] {
        let prefix: ContainerNode.Prefix? =
            switch documents.containerlab?.prefix ?? "clab" {
            case "": nil
            case "__lab-name": .lab
            case let word: .named(word)
            }
        var containers: [ContainerNode] = []
        for node in documents.containerlab?.nodes ?? []
        where !["bridge", "k8s-kind"].contains(node.kind) && !nodeNames.contains(node.name) {
            guard let host = deviceName(node.name) else { continue }
            containers.append(
                ContainerNode(
                    host: host, node: node.name, prefix: node.kind == "ext-container" ? nil : prefix, kind: node.kind,
                    image: node.image ?? ""))
        }
        let starter = documents.containerlab?.nodes.first { $0.kind == "k8s-kind" }?.image
        let image = documents.kind?.image ?? starter ?? ContainerNode.kindImage
        containers += nodeNames.map { ContainerNode(host: $0, node: $0, prefix: nil, kind: "k8s-kind", image: image) }
        return containers
    }
}
