import Addresses

/// An entry of a forwarding database, in the words of `bridge fdb`: on a VXLAN device it tells behind which remote
/// endpoint a MAC address is, on a bridge port that it is behind that port.
public struct ForwardingEntry: Hashable, Sendable {
    /// The VXLAN device or bridge port.
    public var device: InterfaceName
    /// The MAC address.
    public var mac: MACAddress
    /// The remote tunnel endpoint's underlay address (`dst`); nil on a bridge port.
    public var destination: IPAddress?
    /// The VLAN that the entry is for; nil for none.
    public var vlan: UInt16?
    /// Whether the device's own table holds it (`self`, `NTF_SELF`) and not its bridge's (`master`).
    public var isSelf: Bool
    /// Whether it stays until it is deleted; otherwise it was learned.
    public var isPermanent: Bool
    /// Whether it is an address of the bridge itself or of one of its ports, which the kernel enters by itself.
    public var isLocal = false

    /// A permanent entry in the device's own table unless said otherwise.
    public init(
        _ device: InterfaceName, _ mac: MACAddress, destination: IPAddress?, vlan: UInt16? = nil, isSelf: Bool = true,
        isPermanent: Bool = true
    ) {
        self.device = device
        self.mac = mac
        self.destination = destination
        self.vlan = vlan
        self.isSelf = isSelf
        self.isPermanent = isPermanent
    }
}

extension ForwardingEntry: CustomStringConvertible {
    public var description: String {
        "\(mac) dev \(device)" + (destination.map { " dst \($0)" } ?? "") + (vlan.map { " vlan \($0)" } ?? "")
            + (isSelf ? " self" : " master") + (isPermanent ? " permanent" : "")
    }
}
