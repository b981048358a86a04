import Addresses
import Calico
import Topology

/// All reasons at once why a topology has no blueprint.
public struct BlueprintError: Error, Hashable, Sendable {
    /// The reasons, at least one.
    public let problems: [Problem]

    /// The error with these reasons.
    public init(_ problems: [Problem]) { self.problems = problems }

    /// One reason.
    public enum Problem: Hashable, Sendable {
        /// The kernel takes no interface of this name.
        case interfaceName(Endpoint)
        /// A cable leads to a device that is not there.
        case noSuchDevice(Endpoint)
        /// Two cables lead to one interface.
        case secondCable(Endpoint)
        /// A node's interface has no cable.
        case noCable(Endpoint)
        /// Two devices have one name.
        case sameName(String)
        /// The port carries tagged frames, and the kernel has no 802.1Q links.
        case needsVLANLinks(Endpoint)
        /// A pool cannot be used.
        case pool(IPAMError)
        /// A node's VXLAN device gets no address.
        case tunnelAddress(node: String, IPAMError)
        /// A pod does not run.
        case pod(namespace: String, name: String, Placement.PendingReason)
    }
}

extension BlueprintError: CustomStringConvertible {
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}

extension BlueprintError.Problem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .interfaceName(let end):
            "\(end.device): no interface can be named \"\(end.interface)\": 1 to 15 bytes without white space, / and :"
        case .noSuchDevice(let end): "cable to \(end): there is no router, network or node \(end.device)"
        case .secondCable(let end): "\(end) has two cables"
        case .noCable(let end): "\(end) has no cable"
        case .sameName(let name): "two devices are named \(name)"
        case .needsVLANLinks(let end):
            "\(end) carries tagged frames, and this kernel has no 802.1Q links (CONFIG_VLAN_8021Q)"
        case .pool(let error): error.description
        case .tunnelAddress(let node, let error): "node \(node): its VXLAN device gets no address: \(error)"
        case .pod(let namespace, let name, let reason): "pod \(namespace)/\(name) does not run: \(reason)"
        }
    }
}
