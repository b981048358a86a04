import Addresses

/// An entry of the policy table by which IPv6 chooses a source address, in the words of `ip addrlabel` (RFC 6724, 2.1).
public struct AddressLabel: Codable, Hashable, Sendable {
    /// The addresses.
    public var prefix: Prefix
    /// What they are marked with: a source with the destination's label comes first.
    public var label: UInt32
    /// The link that it is for; nil for all.
    public var device: InterfaceName?

    /// A label for all links unless said otherwise.
    public init(_ prefix: Prefix, label: UInt32, device: InterfaceName? = nil) {
        self.prefix = prefix
        self.label = label
        self.device = device
    }
}

extension AddressLabel: NetworkObject {
    public var link: InterfaceName? { device }
    public static var kindName: String { "addrlabel" }

    public struct Identity: Hashable, Sendable {
        var prefix: Prefix
        var device: InterfaceName?
    }

    public var identity: Identity { Identity(prefix: prefix, device: device) }

    public func differences(from found: AddressLabel) -> [AttributeDifference] {
        [AttributeDifference(AttributeName("label"), label, found.label)].compactMap { $0 }
    }

    /// The kernel's table (`ip6addrlbl_init_table` in net/ipv6/addrlabel.c).
    public static func kernelMade(_ family: AddressFamily) -> [AddressLabel] {
        family == .ipv4
            ? []
            : [
                ("::", 0, 1), ("fc00::", 7, 5), ("fec0::", 10, 11), ("2002::", 16, 2), ("3ffe::", 16, 12),
                ("2001::", 32, 6), ("2001:10::", 28, 7), ("::ffff:0:0", 96, 4), ("::", 96, 3), ("::1", 128, 0),
            ].compactMap { (text: String, length: Int, label: UInt32) in
                IPAddress(text).map { AddressLabel(Prefix($0, length: length), label: label) }
            }
    }
}

extension AddressLabel: CustomStringConvertible {
    public var description: String { "prefix \(prefix)" + (device.map { " dev \($0)" } ?? "") + " label \(label)" }
}
