import Addresses
import Blueprint
import NetworkNamespaces
import NetworkObjects
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
        guard NamedNamespaces.identity(pin) != nil else {
            self.init(namespace, pin, links: nil, addresses: [])
            return
        }
        let session = try thread.open(pin, of: namespace.name) { session, _ in session }
        let links = try session.withSocket { try $0.links() }
        let table = InterfaceTable(links)
        let addresses = try session.withSocket { try $0.addresses(in: table) }
        self.init(namespace, pin, links: links, addresses: addresses)
    }

    /// A namespace as it was seen; nil for one that is not there.
    init(_ namespace: Blueprint.Namespace, _ pin: String, seen: NamespaceSnapshot?) {
        self.init(
            namespace, pin, links: seen.map { Array($0.links.values) }, addresses: seen?.content.addresses ?? [])
    }

    /// - Parameter links: nil for a namespace that is not there.
    private init(
        _ namespace: Blueprint.Namespace, _ pin: String, links: [ObservedLink]?, addresses found: [DeviceAddress]
    ) {
        name = namespace.name
        kind = namespace.kind
        node = namespace.node
        self.pin = pin
        isChecked = true
        guard let links else {
            addresses = []
            state = "gone"
            isSettling = false
            return
        }
        let present = Set(found.map(\.address.address))
        addresses = namespace.addresses.filter(present.contains)
        isSettling = links.contains { link in
            link.link.isUp && link.hasCarrier && [.down, .lowerLayerDown].contains(link.operationalState)
        }
        let up = Set(links.filter(\.link.isUp).map(\.link.name))
        let down = namespace.content.links.filter { $0.isUp && !up.contains($0.name) }.map(\.name.description)
        state = down.isEmpty ? "up" : "down: " + down.joined(separator: ", ")
    }
}
