import Addresses

/// One VLAN of a port of a VLAN-aware bridge, or of the bridge itself, in the words of `bridge vlan`.
public struct BridgeVLAN: Codable, Hashable, Sendable {
    /// The port, or the bridge itself.
    public var device: InterfaceName
    /// The VLAN's number, 1 to 4094.
    public var id: UInt16
    /// Whether untagged frames that come in belong to this VLAN.
    public var isPVID: Bool
    /// Whether frames of this VLAN go out without a tag.
    public var isUntagged: Bool
    /// Whether the device is the bridge itself (`self`), so that the host gets the VLAN.
    public var isSelf: Bool

    /// A tagged VLAN of a port unless said otherwise.
    public init(
        _ device: InterfaceName, id: UInt16, isPVID: Bool = false, isUntagged: Bool = false, isSelf: Bool = false
    ) {
        self.device = device
        self.id = id
        self.isPVID = isPVID
        self.isUntagged = isUntagged
        self.isSelf = isSelf
    }
}

extension BridgeVLAN: NetworkObject {
    public static var kindName: String { "bridge vlan" }

    public struct Identity: Hashable, Sendable {
        var device: InterfaceName
        var id: UInt16
    }

    public var identity: Identity { Identity(device: device, id: id) }

    public var link: InterfaceName? { device }

    public func differences(from found: BridgeVLAN) -> [AttributeDifference] {
        [
            AttributeDifference(AttributeName("pvid"), isPVID, found.isPVID),
            AttributeDifference(AttributeName("untagged"), isUntagged, found.isUntagged),
            AttributeDifference(AttributeName("self"), isSelf, found.isSelf),
        ].compactMap { $0 }
    }
}

extension BridgeVLAN: CustomStringConvertible {
    public var description: String {
        "vid \(id) dev \(device)" + (isPVID ? " pvid" : "") + (isUntagged ? " untagged" : "") + (isSelf ? " self" : "")
    }
}
