import Addresses

/// The header of an Ethernet frame (IEEE 802.3, 3.2).
public struct EthernetHeader: Hashable, Sendable {
    public var destination: MACAddress
    public var source: MACAddress
    /// What follows: an EtherType, or, below 0x600, the length of an LLC frame.
    public var type: UInt16
}

/// A VLAN tag (IEEE 802.1Q, 9.6).
public struct VLANTag: Hashable, Sendable {
    /// The tag's own EtherType: 0x8100, or 0x88a8 for a service tag.
    public var tagType: UInt16
    /// The VLAN's number, 0 to 4095; 0 for a frame that has a priority alone.
    public var id: UInt16
    /// The priority, 0 to 7.
    public var priority: UInt8
    /// Whether it may be dropped first (DEI).
    public var isDropEligible: Bool
    /// What follows: an EtherType.
    public var type: UInt16
}

/// A question or answer about who has an IPv4 address (RFC 826, for Ethernet and IPv4).
public struct ARPMessage: Hashable, Sendable {
    /// 1: a request, 2: a reply.
    public var operation: UInt16
    public var senderMAC: MACAddress
    public var sender: IPv4Address
    public var targetMAC: MACAddress
    public var target: IPv4Address
    /// How many bytes the frame has for it, padding included.
    public var length: Int
}

/// The header of a VXLAN tunnel (RFC 7348, 5).
public struct VXLANHeader: Hashable, Sendable {
    /// The flags; 0x08 says that the VNI is valid.
    public var flags: UInt8
    /// The VXLAN network identifier, 24 bits.
    public var vni: UInt32

    /// The port that IANA gave to VXLAN.
    public static let defaultPort: UInt16 = 4789
}

/// EtherTypes (https://www.iana.org/assignments/ieee-802-numbers).
enum EtherType {
    static let ipv4: UInt16 = 0x0800
    static let arp: UInt16 = 0x0806
    static let vlan: UInt16 = 0x8100
    static let ipv6: UInt16 = 0x86dd
    static let serviceVLAN: UInt16 = 0x88a8
}
