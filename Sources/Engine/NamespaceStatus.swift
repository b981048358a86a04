import Addresses
import Blueprint
import NetworkNamespaces
import Rtnetlink

/// One namespace, as the kernel has it.
public struct NamespaceStatus: Sendable {
    public let name: String
    public let kind: Blueprint.Kind
    public let node: String?
    public let pin: String
    /// Those of the addresses that people know it by which the kernel has.
    public let addresses: [IPAddress]
    /// `up`, `gone`, `not checked`, or which links are down.
    public let state: String
    /// Whether it was looked into.
    public let isChecked: Bool
    /// Whether a link has a carrier and the kernel does not let it send yet.
    let isSettling: Bool

    /// A namespace as it should be, which was not looked into.
    init(unchecked namespace: Blueprint.Namespace, _ pin: String) {
        name = namespace.name
        kind = namespace.kind
        node = namespace.node
        self.pin = pin
        addresses = namespace.addresses
        state = "not checked"
        isChecked = false
        isSettling = false
    }

    /// Looks into a namespace.
    init(_ namespace: Blueprint.Namespace, pin: String, _ thread: inout NamespaceThread) throws {
        name = namespace.name
        kind = namespace.kind
        node = namespace.node
        self.pin = pin
        isChecked = true
        guard NamedNamespaces.identity(pin) != nil else {
            addresses = []
            state = "gone"
            isSettling = false
            return
        }
        let session = try thread.open(pin, of: name) { session, _ in session }
        let links = try session.withSocket { try $0.links() }
        let table = InterfaceTable(links)
        let present = try Set(session.withSocket { try $0.addresses(in: table) }.map(\.address.address))
        addresses = namespace.addresses.filter(present.contains)
        isSettling = links.contains { link in
            link.link.isUp && link.hasCarrier && [.down, .lowerLayerDown].contains(link.operationalState)
        }
        let up = Set(links.filter(\.link.isUp).map(\.link.name))
        let down = namespace.content.links.filter { $0.isUp && !up.contains($0.name) }.map(\.name.description)
        state = down.isEmpty ? "up" : "down: " + down.joined(separator: ", ")
    }
}
