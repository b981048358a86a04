import Addresses

/// A link's number in its namespace (`ifindex`), 1 or more.
public typealias InterfaceIndex = Int32

/// A link as the kernel has it: the value that a blueprint compares with, and what only a running link has.
public struct ObservedLink: Hashable, Sendable {
    /// The link's number.
    public let index: InterfaceIndex
    /// Its attributes; every one that the kernel reports is set. Of a veth the other end is not known.
    public let link: Link
    /// Whether it can carry traffic (`IFLA_OPERSTATE`).
    public let operationalState: OperationalState
    /// Whether something is at the other end (`IFLA_CARRIER`); a link that is down has none.
    public let hasCarrier: Bool
    /// The number of a veth's other end in its own namespace, or of the link that a VLAN is on (`IFLA_LINK`).
    public let lowerIndex: InterfaceIndex?
    /// The IPv4 settings by their number less one (`IFLA_INET_CONF`); empty where the link has no IPv4.
    package let ipv4Settings: [UInt32]
    /// Whether packets of IPv6 that come by the link are sent on (`conf/LINK/forwarding`, the first of `IFLA_INET6_CONF`); nil
    /// where the link has no IPv6.
    public package(set) var forwardsIPv6: Bool?

    /// A link as a kernel may have it.
    public init(
        index: InterfaceIndex, link: Link, operationalState: OperationalState, hasCarrier: Bool,
        lowerIndex: InterfaceIndex? = nil
    ) {
        self.init(
            index: index, link: link, operationalState: operationalState, hasCarrier: hasCarrier,
            lowerIndex: lowerIndex,
            ipv4Settings: [])
    }

    package init(
        index: InterfaceIndex, link: Link, operationalState: OperationalState, hasCarrier: Bool,
        lowerIndex: InterfaceIndex?, ipv4Settings: [UInt32]
    ) {
        self.index = index
        self.link = link
        self.operationalState = operationalState
        self.hasCarrier = hasCarrier
        self.lowerIndex = lowerIndex
        self.ipv4Settings = ipv4Settings
    }

    /// What a link can do at the moment (RFC 2863, linux/if.h).
    public enum OperationalState: UInt8, Hashable, Sendable {
        case unknown, notPresent, down, lowerLayerDown, testing, dormant, up
    }
}
