import Addresses

/// A change of a router's configuration, or the way to the part of it that the next lines change.
public enum Change: Hashable, Sendable {
    case enterInterfaces(InterfaceNames)
    case enterVLANs(VLANNumbers)
    case removeVLANs(VLANNumbers)
    /// Loopbacks, and SVIs, which leave their VLANs.
    case removeInterfaces(InterfaceNames)
    case hostname(String)
    /// A static route.
    case route(Prefix, Way, distance: UInt32?, isRemoved: Bool)
    /// All static routes to a prefix.
    case removeRoutes(Prefix)
    case routing(AddressFamily, isOn: Bool)
    /// The name of the VLANs whose mode it is; nil for none.
    case vlanName(String?)
    /// What the interfaces are whose mode it is.
    case interface(InterfaceChange)

    /// Where a static route leads.
    public enum Way: Hashable, Sendable {
        case gateway(IPAddress, interface: String?)
        case interface(String)
        case null
    }

    /// A change of interfaces.
    public enum InterfaceChange: Hashable, Sendable {
        case description(String?)
        case mtu(UInt32?)
        case shutdown(Bool)
        case address(InterfaceAddress, isSecondary: Bool)
        case removeAddress(InterfaceAddress)
        case removeAddresses(AddressFamily)
        case switchport(Bool)
        case accessVLAN(UInt16)
        case trunk(Bool)
        case trunkAllowed(VLANNumbers, Operation)
        case trunkNative(UInt16?)

        /// What is done with the VLANs that a trunk has.
        public enum Operation: Hashable, Sendable {
            case set, add, remove
        }
    }
}
