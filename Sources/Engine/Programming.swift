import Addresses
import Blueprint
import NetworkNamespaces
import Rtnetlink

/// Filling a lab's fresh namespaces with everything that its blueprint names, over the sockets opened inside them.
struct Programming {
    private let blueprint: Blueprint
    private let sessions: [Session]
    private let position: [String: Int]
    private let links: [VethPeer: Link]

    /// - Parameter sessions: one for each namespace of the blueprint, in its order.
    init(blueprint: Blueprint, sessions: [Session]) {
        self.blueprint = blueprint
        self.sessions = sessions
        position = Dictionary(uniqueKeysWithValues: blueprint.namespaces.enumerated().map { ($1.name, $0) })
        var links: [VethPeer: Link] = [:]
        for namespace in blueprint.namespaces {
            for link in namespace.content.links {
                if case .veth = link.kind { links[VethPeer(namespace: namespace.name, name: link.name)] = link }
            }
        }
        self.links = links
    }

    /// Installs everything.
    ///
    /// - Throws: `EngineError.refused` that names the object.
    func run() throws(EngineError) {
        var batch = RouteBatch()
        for (index, namespace) in blueprint.namespaces.enumerated() {
            let operations = blueprint.creation(of: namespace, position: position) { links[$0] }
            try apply(operations, to: sessions[index], with: &batch)
        }
        try writeLinkSettings()
    }
}
