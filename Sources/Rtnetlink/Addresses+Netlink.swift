import Addresses
internal import CLinux
internal import Glibc
internal import Netlink
import NetworkObjects

extension MessageWriter {
    /// An attribute that holds an address in network byte order: 4 or 16 bytes.
    mutating func put(_ type: Int, _ address: IPAddress) {
        switch address {
        case .v4(let address): putBigEndian(type, address.value)
        case .v6(let address): putBigEndian(type, address.value)
        }
    }

    /// An attribute that holds a MAC address.
    mutating func put(_ type: Int, _ mac: MACAddress) {
        attribute(type) { writer in
            for shift in stride(from: UInt64(40), through: 0, by: -8) {
                writer.append(UInt8(truncatingIfNeeded: mac.value >> shift))
            }
        }
    }

    /// An attribute that holds an interface's name with its closing NUL.
    mutating func put(_ type: Int, _ name: InterfaceName) {
        attribute(type) { writer in
            name.forEachByte { writer.append($0) }
            writer.append(0 as UInt8)
        }
    }
}

extension MessageWriter {
    /// Attributes as the kernel wrote them.
    mutating func put(_ others: OtherAttributes) {
        for (number, bytes) in others.sorted {
            attribute(number) { value in for byte in bytes { value.append(byte) } }
        }
    }
}

extension NetlinkError {
    /// Whether the kernel was asked for something that it has no part for.
    var isUnsupported: Bool {
        guard case .refused(let failures) = self else { return false }
        return failures.allSatisfy { [EOPNOTSUPP, EAFNOSUPPORT, EPROTONOSUPPORT].contains($0.errno) }
    }
}

extension Attribute {
    /// The value as an IPv4 or IPv6 address, by its length.
    func address() throws(MalformedMessage) -> IPAddress {
        switch bytes.count {
        case 4: .v4(IPv4Address(try bigEndian(UInt32.self)))
        case 16: .v6(IPv6Address(try bigEndian(UInt128.self)))
        default: throw wrongSize
        }
    }

    /// The value as a MAC address; nil if the link has addresses of another length, as a tunnel may.
    var mac: MACAddress? { MACAddress(octets: bytes) }
}

extension AddressFamily {
    /// The number that messages call the family by (`AF_INET`, `AF_INET6`).
    var number: UInt8 { self == .ipv4 ? UInt8(AF_INET) : UInt8(AF_INET6) }

    /// The family that messages call by this number; nil for those that are not the Internet's.
    init?(number: UInt8) {
        switch Int32(number) {
        case AF_INET: self = .ipv4
        case AF_INET6: self = .ipv6
        default: return nil
        }
    }
}

extension rtattr_type_t {
    /// The number of a route's attribute, as messages have it.
    var number: Int { Int(rawValue) }
}
