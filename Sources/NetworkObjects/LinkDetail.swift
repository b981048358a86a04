import Addresses
internal import CLinux

/// All that the kernel tells about one link, as it tells it: for comparing a link with one that nobody has touched.
///
/// What a blueprint says of links has fields of its own in `Link` and is not here; nor is what moves by itself, such as counters
/// and timers.
public struct LinkDetail: Hashable, Sendable {
    /// The bits of `ifi_flags` that are somebody's wish: not those that say what the link does at the moment.
    public var flags: UInt32 = 0
    /// The kernel's name of the link's kind (`IFLA_INFO_KIND`); empty for one without, as `lo` is.
    public var kind = ""
    /// The kernel's name of what the link is a port of (`IFLA_INFO_SLAVE_KIND`); empty for none.
    public var portKind = ""
    /// Its attributes, in ascending order.
    public var attributes: [Value] = []
    /// The other names that it has (`IFLA_ALT_IFNAME`), in ascending order.
    public var otherNames: [InterfaceName] = []
    /// The IPv4 settings (`IFLA_INET_CONF`), byte for byte; empty where the link has no IPv4.
    public var ipv4: [UInt8] = []
    /// The IPv6 settings (`IFLA_INET6_CONF`) but the MTU, which follows the link's; empty where the link has no IPv6.
    public var ipv6: [UInt8] = []
    /// The MTU of IPv6 in bytes; nil where the link has no IPv6.
    public var ipv6MTU: UInt32?

    /// Nothing yet.
    public init() {}

    /// One attribute.
    public struct Value: Hashable, Sendable {
        public var place: LinkAttribute.Place
        /// The attribute's number there.
        public var number: Int
        public var bytes: [UInt8]

        /// An attribute as the kernel wrote it.
        public init(_ place: LinkAttribute.Place, _ number: Int, _ bytes: [UInt8]) {
            self.place = place
            self.number = number
            self.bytes = bytes
        }

        fileprivate func isBefore(_ other: Value) -> Bool {
            (place.rawValue, number) < (other.place.rawValue, other.number)
        }
    }

    /// Brings what is in no order of its own into one.
    public mutating func sort() {
        attributes.sort { $0.isBefore($1) }
        otherNames.sort { "\($0)" < "\($1)" }
    }

    /// What a port of a bridge does with frames (`BR_STATE_*`, linux/if_bridge.h); of the numbers that there are the two that a port
    /// without STP has.
    public struct PortState: RawRepresentable, Hashable, Sendable {
        public var rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        public static let disabled = PortState(rawValue: UInt8(BR_STATE_DISABLED))
        public static let forwarding = PortState(rawValue: UInt8(BR_STATE_FORWARDING))
    }

    /// What it does as a port of a bridge; nil where it is none.
    public var portState: PortState? { port(IFLA_BRPORT_STATE).map { PortState(rawValue: $0) } }

    /// Whether it exchanges no frames with other ports of which the same is said (`bridge link set … isolated on`).
    public var isIsolated: Bool { port(IFLA_BRPORT_ISOLATED) == 1 }

    /// Whether it gets frames for addresses that the bridge does not know.
    public var isFlooded: Bool { port(IFLA_BRPORT_UNICAST_FLOOD) != 0 }

    /// Whether it gets what is for all.
    public var isBroadcastTo: Bool { port(IFLA_BRPORT_BCAST_FLOOD) != 0 }

    /// A number among what it has as a port of a bridge; nil where it is none.
    private func port(_ number: Int) -> UInt8? {
        guard portKind == "bridge" else { return nil }
        return attributes.first { $0.place == .port && $0.number == number }?.bytes.first
    }

    /// Has it do something else.
    public mutating func setPortState(_ state: PortState?) {
        guard let state,
            let index = attributes.firstIndex(where: { $0.place == .port && $0.number == IFLA_BRPORT_STATE })
        else { return }
        attributes[index].bytes = [state.rawValue]
    }

    /// Whether it asks for its neighbours.
    public var resolvesNeighbours: Bool { flags & UInt32(IFF_NOARP) == 0 }

    /// Whether it has IPv6, and nobody has switched that off.
    public var usesIPv6: Bool { ipv6Setting(Self.disableIPv6) == 0 }

    /// Whether the kernel gives it an IPv6 address for the link alone that is made of its MAC address.
    public var hasAddressOfMAC: Bool { usesIPv6 && ipv6Setting(Self.addressGenerationMode) == 0 }

    /// A setting by its number in `IFLA_INET6_CONF`; nil where the link, or the kernel, has none of that number.
    private func ipv6Setting(_ number: Int) -> Int32? {
        let place = 4 * number
        guard ipv6.count >= place + 4 else { return nil }
        return ipv6[place..<place + 4].withUnsafeBytes { $0.loadUnaligned(as: Int32.self) }
    }

    // DEVCONF_DISABLE_IPV6 and DEVCONF_ADDR_GEN_MODE in <linux/ipv6.h>, which glibc's headers do not go with.
    private static let disableIPv6 = 26
    private static let addressGenerationMode = 47

    /// Whether it is a bridge that looks for loops.
    public var hasSTP: Bool {
        kind == "bridge"
            && attributes.contains {
                $0.place == .kind && $0.number == IFLA_BR_STP_STATE && $0.bytes.contains { $0 != 0 }
            }
    }

    /// What of another link's attributes is not as this one's: each as it is here, and as it is there. Settings of IPv4 and IPv6 are
    /// not looked at.
    ///
    /// - Parameter device: the other's name.
    public func differences(
        from found: LinkDetail, of device: InterfaceName
    ) -> [(wanted: LinkAttribute, found: LinkAttribute)] {
        var differences: [(LinkAttribute, LinkAttribute)] = []
        func add(_ place: LinkAttribute.Place, _ number: Int, _ wanted: [UInt8]?, _ seen: [UInt8]?) {
            let kind = place == .port ? portKind : kind
            differences.append(
                (
                    LinkAttribute(device, place, number, kind: kind, wanted),
                    LinkAttribute(device, place, number, kind: kind, seen)
                ))
        }
        for bit in 0..<32 where (flags ^ found.flags) >> bit & 1 == 1 {
            add(.flags, 1 << bit, [UInt8(flags >> bit & 1)], [UInt8(found.flags >> bit & 1)])
        }
        if attributes != found.attributes {
            var (mine, others) = (attributes[...], found.attributes[...])
            while let next = mine.first.map({ first in others.first.map { $0.isBefore(first) ? $0 : first } ?? first })
                ?? others.first
            {
                func take(_ list: inout ArraySlice<Value>) -> [UInt8]? {
                    guard let first = list.first, first.place == next.place, first.number == next.number else {
                        return nil
                    }
                    list.removeFirst()
                    return first.bytes
                }
                let (wanted, seen) = (take(&mine), take(&others))
                // One that is no port, or of another kind, is told by `Link`.
                if next.place == .port && portKind != found.portKind || next.place == .kind && kind != found.kind {
                    continue
                }
                if wanted != seen { add(next.place, next.number, wanted, seen) }
            }
        }
        for name in Set(otherNames).symmetricDifference(found.otherNames).sorted(by: { "\($0)" < "\($1)" }) {
            let bytes = Array("\(name)".utf8)
            let isWanted = otherNames.contains(name)
            add(.otherName, LinkAttribute.otherNameNumber, isWanted ? bytes : nil, isWanted ? nil : bytes)
        }
        return differences
    }
}
