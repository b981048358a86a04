import Addresses

/// What a link's driver is asked for, in the words of ethtool(8): a feature, such as `tx-tcp-segmentation` (`ethtool -k`), or how many
/// queues it uses (`ethtool -l`).
public struct DriverSetting: Codable, Hashable, Sendable {
    /// The link.
    public var device: InterfaceName
    public var sort: Sort
    /// The kernel's name of it: of a feature as in `netdev_features_strings` (net/ethtool/common.c).
    public var name: String
    /// Of a feature 1 for on and 0 for off; of queues their number.
    public var value: UInt32

    /// What can be asked of a driver.
    public enum Sort: String, Codable, Hashable, Sendable {
        /// Something that the link does in the place of the stack above it.
        case feature
        /// How many queues of a sort are in use.
        case channels
    }

    /// What is asked of a link.
    public init(_ device: InterfaceName, _ sort: Sort, _ name: String, _ value: UInt32) {
        self.device = device
        self.sort = sort
        self.name = name
        self.value = value
    }

    /// The value in words.
    public var words: String {
        switch sort {
        case .feature: value == 0 ? "off" : "on"
        case .channels: "\(value)"
        }
    }
}

extension DriverSetting: NetworkObject {
    public static var kindName: String { "link" }

    public struct Identity: Hashable, Sendable {
        var device: InterfaceName
        var sort: Sort
        var name: String
    }

    public var identity: Identity { Identity(device: device, sort: sort, name: name) }
    public var link: InterfaceName? { device }

    public func differences(from found: DriverSetting) -> [AttributeDifference] {
        let title = sort == .channels ? "\(name) channels" : name
        return [AttributeDifference(AttributeName(title), words, found.words)].compactMap { $0 }
    }
}

extension DriverSetting: CustomStringConvertible {
    public var description: String { "\(device) \(sort == .channels ? "\(name) channels" : name) \(words)" }
}
