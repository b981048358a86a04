import Addresses

/// Frames of the tests, put together from their headers. Checksums are 0: nobody here looks at them.
enum Frame {
    static func ethernet(
        _ type: UInt16, _ payload: [UInt8], source: String = "02:00:00:00:00:01",
        destination: String = "02:00:00:00:00:02"
    ) -> [UInt8] {
        MACAddress(destination)!.octets + MACAddress(source)!.octets + bytes(type) + payload
    }

    static func vlan(_ id: UInt16, priority: UInt16 = 0, _ type: UInt16, _ payload: [UInt8]) -> [UInt8] {
        bytes(priority << 13 | id) + bytes(type) + payload
    }

    static func arp(_ operation: UInt16, _ sender: String, _ target: String) -> [UInt8] {
        bytes(1 as UInt16) + bytes(0x800 as UInt16) + [6, 4] + bytes(operation)
            + MACAddress("02:00:00:00:00:01")!.octets + bytes(IPv4Address(sender)!.value)
            + MACAddress("00:00:00:00:00:00")!.octets + bytes(IPv4Address(target)!.value)
    }

    static func ipv4(
        _ protocolNumber: UInt8, _ payload: [UInt8], source: String = "10.0.0.1", destination: String = "10.0.0.2",
        ttl: UInt8 = 64, fragment: UInt16 = 0x4000, options: [UInt8] = [], length: UInt16? = nil
    ) -> [UInt8] {
        let header = 20 + options.count
        return [0x40 | UInt8(header / 4), 0] + bytes(length ?? UInt16(header + payload.count))
            + bytes(0x1234 as UInt16) + bytes(fragment) + [ttl, protocolNumber, 0, 0]
            + bytes(IPv4Address(source)!.value) + bytes(IPv4Address(destination)!.value) + options + payload
    }

    static func ipv6(
        _ next: UInt8, _ payload: [UInt8], source: String = "fd00::1", destination: String = "fd00::2",
        hopLimit: UInt8 = 64, length: UInt16? = nil
    ) -> [UInt8] {
        bytes(0x6000_0000 as UInt32) + bytes(length ?? UInt16(payload.count)) + [next, hopLimit]
            + bytes(IPv6Address(source)!.value) + bytes(IPv6Address(destination)!.value) + payload
    }

    static func udp(_ source: UInt16, _ destination: UInt16, _ payload: [UInt8], length: UInt16? = nil) -> [UInt8] {
        bytes(source) + bytes(destination) + bytes(length ?? UInt16(8 + payload.count)) + [0, 0] + payload
    }

    static func tcp(
        _ source: UInt16, _ destination: UInt16, flags: UInt16, sequence: UInt32 = 1000, acknowledgement: UInt32 = 0,
        options: [UInt8] = [], _ payload: [UInt8] = []
    ) -> [UInt8] {
        bytes(source) + bytes(destination) + bytes(sequence) + bytes(acknowledgement)
            + bytes(UInt16((20 + options.count) / 4) << 12 | flags) + bytes(64240 as UInt16) + [0, 0, 0, 0] + options
            + payload
    }

    static func icmp(_ type: UInt8, _ code: UInt8, _ rest: UInt32, _ payload: [UInt8] = []) -> [UInt8] {
        [type, code, 0, 0] + bytes(rest) + payload
    }

    static func vxlan(_ vni: UInt32, _ frame: [UInt8]) -> [UInt8] { [8, 0, 0, 0] + bytes(vni << 8) + frame }

    static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        stride(from: Number.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> Number($0)) }
    }

    static let ping = icmp(8, 0, 0x0007_0001, [UInt8](repeating: 0x55, count: 56))
    static let ping6 = icmp(128, 0, 0x0007_0001, [UInt8](repeating: 0x55, count: 56))

    /// One frame of each sort that tcpdump says in the same words.
    static let samples: [[UInt8]] = [
        ethernet(0x806, arp(1, "10.0.0.1", "10.0.0.2")),
        ethernet(0x806, arp(2, "10.0.0.1", "10.0.0.2")),
        // Padding up to the shortest frame, and beyond what IP says.
        ethernet(0x806, arp(1, "10.0.0.1", "10.0.0.2") + [UInt8](repeating: 0, count: 18)),
        ethernet(0x800, ipv4(1, icmp(8, 0, 0x0007_0002, [1, 2, 3, 4])) + [UInt8](repeating: 0, count: 14)),
        ethernet(0x800, ipv4(1, ping)),
        ethernet(0x800, ipv4(1, icmp(0, 0, 0xffff_0001))),
        ethernet(0x800, ipv4(1, ping, options: [1, 1, 1, 0])),
        ethernet(0x800, ipv4(1, icmp(3, 0, 0, ipv4(17, udp(3000, 53, [1, 2]))))),
        ethernet(0x800, ipv4(1, icmp(3, 1, 0, ipv4(17, udp(3000, 53, [1, 2]))))),
        ethernet(0x800, ipv4(1, icmp(3, 3, 0, ipv4(17, udp(3000, 53, [1, 2]))))),
        ethernet(0x800, ipv4(1, icmp(3, 3, 0, ipv4(6, tcp(3000, 80, flags: 2))))),
        ethernet(0x800, ipv4(1, icmp(3, 4, 1400, ipv4(6, tcp(3000, 80, flags: 0x10))))),
        ethernet(0x800, ipv4(1, icmp(3, 13, 0, ipv4(6, tcp(3000, 80, flags: 2))))),
        ethernet(0x800, ipv4(1, icmp(11, 0, 0, ipv4(1, ping)))),
        ethernet(0x800, ipv4(1, icmp(5, 1, 0x0a00_0009, ipv4(1, ping)))),
        ethernet(0x800, ipv4(17, udp(3000, 9999, [1, 2, 3]))),
        ethernet(0x800, ipv4(17, udp(48231, 4789, vxlan(4096, ethernet(0x800, ipv4(17, udp(1, 2, []))))))),
        ethernet(0x800, ipv4(4, ipv4(17, udp(3000, 9999, [1]), source: "192.168.0.1", destination: "192.168.0.2"))),
        ethernet(0x800, ipv4(41, ipv6(58, ping6))),
        ethernet(0x800, ipv4(6, tcp(3000, 80, flags: 0x002, options: [2, 4, 5, 0xb4, 4, 2, 1, 1]))),
        ethernet(
            0x800,
            ipv4(
                6,
                tcp(
                    80, 3000, flags: 0x012, acknowledgement: 1001,
                    options: [2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 7, 1, 3, 3, 7]))),
        ethernet(0x800, ipv4(6, tcp(3000, 9000, flags: 0x018, sequence: .max - 1, acknowledgement: 5, [1, 2, 3, 4]))),
        ethernet(0x800, ipv4(6, tcp(3000, 80, flags: 0x014, acknowledgement: 5))),
        ethernet(0x800, ipv4(6, tcp(3000, 80, flags: 0x011, acknowledgement: 5))),
        ethernet(0x800, ipv4(6, tcp(3000, 80, flags: 0x0c2))),
        ethernet(
            0x800,
            ipv4(
                6,
                tcp(
                    3000, 80, flags: 0x010, acknowledgement: 5,
                    options: [
                        1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 9,
                    ]))),
        ethernet(0x800, ipv4(253, [1, 2, 3])),
        ethernet(0x86dd, ipv6(58, ping6)),
        ethernet(0x86dd, ipv6(58, icmp(1, 0, 0, ipv6(17, udp(3000, 53, [1, 2]))))),
        ethernet(0x86dd, ipv6(58, icmp(1, 1, 0, ipv6(17, udp(3000, 53, [1, 2]))))),
        ethernet(0x86dd, ipv6(58, icmp(1, 3, 0, ipv6(17, udp(3000, 53, [1, 2]))))),
        ethernet(0x86dd, ipv6(58, icmp(1, 4, 0, ipv6(17, udp(3000, 53, [1, 2]))))),
        ethernet(0x86dd, ipv6(58, icmp(2, 0, 1280, ipv6(58, ping6)))),
        ethernet(0x86dd, ipv6(58, icmp(3, 0, 0, ipv6(58, ping6)))),
        ethernet(0x86dd, ipv6(58, icmp(135, 0, 0, bytes(IPv6Address("fd00::2")!.value)))),
        ethernet(0x86dd, ipv6(58, icmp(136, 0, 0xe000_0000, bytes(IPv6Address("fd00::2")!.value)))),
        ethernet(0x86dd, ipv6(58, icmp(133, 0, 0))),
        ethernet(0x86dd, ipv6(0, [58, 0, 5, 2, 0, 0, 1, 0] + icmp(143, 0, 1, [UInt8](repeating: 0, count: 20)))),
        ethernet(0x86dd, ipv6(60, [17, 0, 1, 4, 0, 0, 0, 0] + udp(3000, 9999, [1, 2]))),
        ethernet(0x86dd, ipv6(44, [17, 0, 0, 1, 0, 0, 0, 9] + udp(3000, 9999, [1, 2], length: 2000))),
        ethernet(0x86dd, ipv6(44, [17, 0, 0x05, 0xb0, 0, 0, 0, 9] + [1, 2, 3])),
        ethernet(0x86dd, ipv6(17, udp(3000, 9999, [1, 2, 3]))),
        ethernet(0x86dd, ipv6(6, tcp(3000, 80, flags: 2))),
        ethernet(
            0x86dd,
            ipv6(17, udp(48231, 4789, vxlan(0xabcdef, ethernet(0x86dd, ipv6(58, ping6, source: "fd00:1::1")))))),
    ]
}
