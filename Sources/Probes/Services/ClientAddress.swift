import Addresses
import Blueprint
import HTTP

/// Which address a pod sees as that of a client that came to it by way of a service.
struct ClientAddress: Sendable {
    private let simulator: PacketSimulator
    /// The nodes of pods that are on their node's network.
    private let hosts: [PodReference: Blueprint.Namespace]

    /// Where packets of pods come from, as kube-proxy is told.
    private let prefixes: [Prefix]

    init(_ blueprint: Blueprint) {
        prefixes = blueprint.clusterPrefixes
        simulator = PacketSimulator(blueprint)
        hosts = Dictionary(
            blueprint.namespaces.flatMap { node in node.hostPods.map { ($0.pod, node) } },
            uniquingKeysWith: { first, _ in first })
    }

    /// What is wrong with the client that a page names; nil if nothing is.
    ///
    /// - Parameter source: the namespace that asked.
    func fault(in page: PodPage, source: Blueprint.Namespace) -> String? {
        guard let client = page.client?.address else { return "\(page.pod) saw nobody ask" }
        let mayBeOwn: Bool
        if source.kind == .node {
            // Masqueraded or not, a node has sent it.
            if source.content.addresses.contains(where: { $0.address.address == client }) { return nil }
            mayBeOwn = false
        } else if let host = hosts[page.pod] {
            // Calico's natOutgoing gives what a pod sends to another node that node's address, for no pool has it.
            let family = client.family
            guard let address = host.addresses.first(where: { $0.family == family }),
                let seen = simulator.path(from: source.name, to: address).source
            else { return nil }
            mayBeOwn = source.addresses.contains(seen)
        } else {
            // A pod that reaches itself is masqueraded (kube-proxy's hairpin), and one whose address is in no range of pods that
            // kube-proxy knows of; between others nothing is translated.
            let known = prefixes.filter { $0.family == client.family }
            let isKnown =
                known.isEmpty || source.addresses.contains { address in known.contains { $0.contains(address) } }
            mayBeOwn = page.pod != source.pod && isKnown
        }
        if mayBeOwn == source.addresses.contains(client) { return nil }
        return "\(page.pod) saw the request come from \(client), "
            + (mayBeOwn ? "expected the pod's own address" : "expected the node's address")
    }
}
