import Addresses
import Blueprint
import NetworkObjects

/// What a lab consisted of before its topology was edited.
enum PreviousState {
    /// It is not known, because a change was cut short: whatever is there counts as the lab's.
    case unknown
    /// By namespace, the objects of the blueprint that the lab was last made after.
    case known([String: Set<KernelObject.Identity>])

    /// What a lab of this blueprint consists of.
    init(_ blueprint: Blueprint) {
        self = .known(
            Dictionary(
                blueprint.namespaces.map { namespace in
                    let tables = namespace.content.allTables.map { KernelObject($0).identity }
                    return (namespace.name, Set(namespace.content.objects.map(\.identity) + tables))
                }, uniquingKeysWith: { first, _ in first }))
    }

    func contains(_ object: KernelObject, in namespace: String) -> Bool {
        switch self {
        case .unknown: true
        case .known(let objects): objects[namespace]?.contains(object.identity) ?? false
        }
    }
}
