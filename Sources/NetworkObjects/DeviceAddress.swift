import Addresses
internal import CLinux

/// An address on a link, in the words of `ip address`.
public struct DeviceAddress: Codable, Hashable, Sendable {
    /// The link that has the address.
    public var device: InterfaceName
    /// The address and the length of its on-link prefix.
    public var address: InterfaceAddress
    /// Whether duplicate address detection is left out (`IFA_F_NODAD`, IPv6 only), so that it can be used at once.
    public var noDAD: Bool
    /// How far the address is valid.
    public var scope: Scope
    /// The far end's address, which then is the one that the on-link prefix is of (`peer`); nil for none.
    public var peer: IPAddress?
    /// What else the kernel was asked for (`IFA_F_*`): no route for the prefix, a home address, an end of its use.
    public var flags: Flags = []
    /// What else the address says (`IFA_*`): a label, a broadcast address, a metric for its route.
    public package(set) var others = OtherAttributes()

    /// An address on a link, valid everywhere, without duplicate address detection.
    public init(
        _ device: InterfaceName, _ address: InterfaceAddress, noDAD: Bool? = nil, scope: Scope = .universe,
        peer: IPAddress? = nil
    ) {
        self.device = device
        self.address = address
        self.noDAD = noDAD ?? (address.family == .ipv6)
        self.scope = scope
        self.peer = peer
    }

    /// What someone may ask for besides (`IFA_F_*`, linux/if_addr.h).
    public struct Flags: OptionSet, Codable, Hashable, Sendable {
        /// The bits of `IFA_FLAGS`.
        public let rawValue: UInt32

        /// The flags with these bits.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        private init(_ bit: Int32) { rawValue = UInt32(bit) }

        public static let home = Flags(IFA_F_HOMEADDRESS)
        public static let deprecated = Flags(IFA_F_DEPRECATED)
        public static let managesTemporary = Flags(IFA_F_MANAGETEMPADDR)
        public static let noPrefixRoute = Flags(IFA_F_NOPREFIXROUTE)
        public static let joinsGroup = Flags(IFA_F_MCAUTOJOIN)
        /// It goes when its time is over.
        public static let temporary = Flags(rawValue: 1 << 31)

        /// All that the kernel reports as it was asked for.
        package static let askedFor: Flags = [.home, .deprecated, .managesTemporary, .noPrefixRoute, .joinsGroup]

        fileprivate static let words: [(Flags, String)] = [
            (.home, "home"), (.deprecated, "deprecated"), (.managesTemporary, "mngtmpaddr"),
            (.noPrefixRoute, "noprefixroute"), (.joinsGroup, "autojoin"), (.temporary, "dynamic"),
        ]
    }
}

/// An address as the kernel has it.
public struct ObservedAddress: Hashable, Sendable {
    /// The address and its link.
    public var address: DeviceAddress
    /// Whether it is being looked for a duplicate of it, so that it cannot be used yet (`IFA_F_TENTATIVE`, RFC 4862).
    public var isTentative: Bool
    /// Whether somebody else has it (`IFA_F_DADFAILED`).
    public var isDuplicate: Bool
    /// Whether the kernel says that it made the address by itself (`IFA_PROTO`, since Linux 5.18).
    public var isKernelMade: Bool

    /// An address that can be used unless said otherwise.
    public init(
        _ address: DeviceAddress, isTentative: Bool = false, isDuplicate: Bool = false, isKernelMade: Bool = false
    ) {
        self.address = address
        self.isTentative = isTentative
        self.isDuplicate = isDuplicate
        self.isKernelMade = isKernelMade
    }
}

extension DeviceAddress {
    /// The address as the kernel reports it: an IPv6 address has the scope that its bits say (RFC 4007), and IPv4 knows
    /// no duplicate address detection.
    public var asReported: DeviceAddress {
        guard case .v6(let ip) = address.address else {
            var address = self
            address.noDAD = false
            return address
        }
        var address = self
        address.scope = ip.scope
        return address
    }
}

extension IPv6Address {
    /// How far the address reaches (RFC 4007; `ipv6_addr_scope` in the kernel).
    fileprivate var scope: Scope {
        if IPAddress.v6(self).isLinkLocal { return .link }
        if value >> 118 == 0xfec0 >> 6 { return .site }
        return value == 1 ? .host : .universe
    }
}

extension DeviceAddress: NetworkObject {
    public static var kindName: String { "address" }

    public struct Identity: Hashable, Sendable {
        var device: InterfaceName
        var address: IPAddress
    }

    public var identity: Identity { Identity(device: device, address: address.address) }

    public var link: InterfaceName? { device }

    public func differences(from found: DeviceAddress) -> [AttributeDifference] {
        let wanted = asReported
        return [
            AttributeDifference(.peer, peer, found.peer),
            AttributeDifference(.prefixLength, wanted.address.prefixLength, found.address.prefixLength),
            AttributeDifference(.scope, wanted.scope, found.scope),
            AttributeDifference(AttributeName("nodad"), wanted.noDAD, found.noDAD),
            AttributeDifference(.flags, flags.isEmpty ? nil : flags, found.flags.isEmpty ? nil : found.flags),
        ].compactMap { $0 } + others.differences(from: found.others, Self.attributeNames)
    }

    /// The attributes that are kept as the kernel wrote them, by what `ip address` calls them.
    package static let attributeNames: [Int: OtherAttributes.Name] = [
        IFA_LABEL: .text("label"), IFA_BROADCAST: .address("brd"), IFA_RT_PRIORITY: "metric",
    ]
}

extension DeviceAddress.Flags: CustomStringConvertible {
    public var description: String { Self.words.filter { contains($0.0) }.map(\.1).joined(separator: " ") }
}

extension DeviceAddress: CustomStringConvertible {
    public var description: String {
        let far = peer.map { "\(address.address) peer \($0)/\(address.prefixLength)" }
        return "\(far ?? "\(address)") dev \(device)" + (scope == .universe ? "" : " scope \(scope)")
            + (noDAD ? " nodad" : "") + (flags.isEmpty ? "" : " \(flags)")
            + others.words(Self.attributeNames).map { " \($0)" }.joined()
    }
}
