import Addresses
import Glibc
import NetworkNamespaces
import NetworkObjects
import System

/// The group addresses of Ethernet that links listen to because of groups of IPv4 and IPv6 that they are in.
///
/// What a link listens to besides, somebody told it (`ip maddress add`).
struct ListenedGroups {
    private var known: Set<MACAddress>
    private var hasIPv4 = false

    /// - Parameter groups: the IPv6 groups that links are in, by the links' numbers.
    init(_ groups: [InterfaceIndex: Set<IPv6Address>]) {
        known = Set(groups.values.joined().map(\.ethernetGroup))
        known.insert(IPv4Address(224 << 24 | 1).ethernetGroup)
    }

    /// Whether a link listens to it by somebody's wish.
    mutating func isSomebodys(_ mac: MACAddress, in inside: borrowing InsideNamespace) throws -> Bool {
        if mac.isReserved || known.contains(mac) { return false }
        if hasIPv4 || !mac.isOfIPv4Group { return true }
        known.formUnion(try inside.ipv4Groups().map(\.ethernetGroup))
        hasIPv4 = true
        return !known.contains(mac)
    }
}

extension IPv6Address {
    /// Where packets for the group go on Ethernet (RFC 2464, section 7).
    fileprivate var ethernetGroup: MACAddress {
        MACAddress(0x3333 << 32 | UInt64(truncatingIfNeeded: value & 0xffff_ffff))
    }
}

extension IPv4Address {
    /// Where packets for the group go on Ethernet (RFC 1112, section 6.4).
    fileprivate var ethernetGroup: MACAddress { MACAddress(0x01_005e << 24 | UInt64(value & 0x7f_ffff)) }
}

extension MACAddress {
    fileprivate var isOfIPv4Group: Bool { value >> 23 == 0x01_005e << 1 }

    /// Whether it is one by which bridges and their like talk to each other (IEEE 802.1Q, tables 8-1 and 10-1), or stands for all or
    /// none.
    fileprivate var isReserved: Bool { value >> 8 == 0x01_80c2_0000 || value == 0xffff_ffff_ffff || value == 0 }
}

/// The list of the IPv4 groups that a namespace's links are in, as `/proc/net/igmp` has it (proc(5)).
///
/// Only kernels since 6.15 tell them over netlink.
enum GroupMembership {
    /// The groups that a list names, of all links.
    ///
    /// After each link's line there is one for each group, which begins with a tab and the group as a number in the byte order of
    /// the network, printed as one of the machine's (`igmp_mc_seq_show` in net/ipv4/igmp.c). Lines of another form are left out.
    static func groups(in list: [UInt8]) -> Set<IPv4Address> {
        var groups: Set<IPv4Address> = []
        for line in list.split(separator: UInt8(ascii: "\n")) where line.first == UInt8(ascii: "\t") {
            let word = line.drop { $0 == UInt8(ascii: "\t") }.prefix { $0 != UInt8(ascii: " ") }
            guard word.count == 8, let number = UInt32(String(decoding: word, as: UTF8.self), radix: 16) else {
                continue
            }
            groups.insert(IPv4Address(UInt32(bigEndian: number)))
        }
        return groups
    }
}

extension InsideNamespace {
    /// The IPv4 groups that links of the namespace are in.
    fileprivate func ipv4Groups() throws(SystemCallError) -> Set<IPv4Address> {
        // The thread's own namespace: `/proc/net` is the first thread's.
        let path = "/proc/thread-self/net/igmp"
        do throws(SystemCallError) {
            return GroupMembership.groups(
                in: try FileDescriptor(opening: path, O_RDONLY).readAll(path, limit: 16 << 20))
        } catch {
            // A kernel without IGMP.
            if error.isNoSuchFile { return [] }
            throw error
        }
    }
}
