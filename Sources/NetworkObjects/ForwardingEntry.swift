import Addresses
internal import CLinux

/// An entry of a forwarding database, in the words of `bridge fdb`: on a VXLAN device it says behind which remote
/// endpoint a MAC address is, on a bridge port that it is behind that port.
public struct ForwardingEntry: Codable, Hashable, Sendable {
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
    /// What else the entry says (`NDA_*`): another port, VNI or link than the tunnel's own, a next hop object.
    public package(set) var others = OtherAttributes()

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

extension ForwardingEntry: NetworkObject {
    public static var kindName: String { "fdb" }

    public struct Identity: Hashable, Sendable {
        var device: InterfaceName
        var mac: MACAddress
        var vlan: UInt16?
        var isSelf: Bool
        /// A MAC address that stands for several hosts may have several destinations.
        var destination: IPAddress?
    }

    public var identity: Identity {
        Identity(device: device, mac: mac, vlan: vlan, isSelf: isSelf, destination: mac.isOfOneHost ? nil : destination)
    }

    public var link: InterfaceName? { device }

    public func differences(from found: ForwardingEntry) -> [AttributeDifference] {
        [
            AttributeDifference(.destination, destination, found.destination),
            AttributeDifference(AttributeName("permanent"), isPermanent, found.isPermanent),
        ].compactMap { $0 } + others.differences(from: found.others, Self.attributeNames)
    }

    /// The attributes that are kept as the kernel wrote them, by what `bridge fdb` calls them.
    package static let attributeNames: [Int: OtherAttributes.Name] = [
        NDA_PORT: .bigEndian("port"), NDA_VNI: "vni", NDA_IFINDEX: "via", NDA_SRC_VNI: "src_vni", NDA_NH_ID: "nhid",
    ]
}

extension MACAddress {
    /// Whether it is the address of one host: neither a group's nor the one that stands for all unknown ones.
    public var isOfOneHost: Bool { value != 0 && value >> 40 & 1 == 0 }
}

extension ForwardingEntry: CustomStringConvertible {
    public var description: String {
        "\(mac) dev \(device)" + (destination.map { " dst \($0)" } ?? "") + (vlan.map { " vlan \($0)" } ?? "")
            + (isSelf ? " self" : " master") + (isPermanent ? " permanent" : "")
            + others.words(Self.attributeNames).map { " \($0)" }.joined()
    }
}
