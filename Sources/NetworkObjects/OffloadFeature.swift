import Addresses

/// Something that a link does in the place of the stack above it, in the words of `ethtool -k`: `tx-tcp-segmentation`.
public struct OffloadFeature: Codable, Hashable, Sendable {
    /// The link.
    public var device: InterfaceName
    /// The kernel's name of the feature (`netdev_features_strings` in net/ethtool/common.c).
    public var name: String
    /// Whether it is asked for.
    public var isOn: Bool

    /// A feature of a link.
    public init(_ device: InterfaceName, _ name: String, isOn: Bool) {
        self.device = device
        self.name = name
        self.isOn = isOn
    }
}

extension OffloadFeature: NetworkObject {
    public static var kindName: String { "link" }

    public struct Identity: Hashable, Sendable {
        var device: InterfaceName
        var name: String
    }

    public var identity: Identity { Identity(device: device, name: name) }
    public var link: InterfaceName? { device }

    public func differences(from found: OffloadFeature) -> [AttributeDifference] {
        [AttributeDifference(AttributeName(name), isOn ? "on" : "off", found.isOn ? "on" : "off")].compactMap { $0 }
    }
}

extension OffloadFeature: CustomStringConvertible {
    public var description: String { "\(device) \(name) \(isOn ? "on" : "off")" }
}
