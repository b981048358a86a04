import Addresses

/// An address on a link, in the words of `ip address`.
public struct DeviceAddress: Hashable, Sendable {
    /// The link that has the address.
    public var device: InterfaceName
    /// The address and the length of its on-link prefix.
    public var address: InterfaceAddress
    /// Whether duplicate address detection is left out (`IFA_F_NODAD`, IPv6 only), so that it can be used at once.
    public var noDAD: Bool
    /// How far the address is valid.
    public var scope: Scope

    /// An address on a link, valid everywhere, without duplicate address detection.
    public init(_ device: InterfaceName, _ address: InterfaceAddress, noDAD: Bool? = nil, scope: Scope = .universe) {
        self.device = device
        self.address = address
        self.noDAD = noDAD ?? (address.family == .ipv6)
        self.scope = scope
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
        address.scope =
            switch ip.value >> 118 {
            case 0xfe80 >> 6: .link
            case 0xfec0 >> 6: .site
            default: ip.value == 1 ? .host : .universe
            }
        return address
    }
}

extension DeviceAddress: CustomStringConvertible {
    public var description: String {
        "\(address) dev \(device)" + (scope == .universe ? "" : " scope \(scope)") + (noDAD ? " nodad" : "")
    }
}
