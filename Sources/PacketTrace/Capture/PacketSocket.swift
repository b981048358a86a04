import Addresses
import CLinux
import Glibc
import NetworkNamespaces
import System

/// A packet socket (packet(7)) that sees what passes the interfaces of a namespace, both ways, and never blocks.
///
/// It belongs for good to the namespace that it was opened in. A class, because the sockets of a capture stand in an array. It is
/// used by one thread at a time.
final class PacketSocket: @unchecked Sendable {
    private let descriptor: FileDescriptor
    /// The ring that the kernel puts packets into; nil for a socket that is read one packet at a time.
    private let ring: PacketRing?
    private var seen: UInt64 = 0
    private var dropped: UInt64 = 0

    /// Whether the kernel puts packets into a ring of memory that is shared.
    var hasRing: Bool { ring != nil }

    /// The most that may wait in a socket without a ring, in bytes.
    private static let bufferSize: CInt = 1 << 20

    /// Opens a socket. From the first packet on it has what its filter takes, and nothing else.
    ///
    /// - Parameters:
    ///   - filter: what the kernel gives it.
    ///   - ringSize: how much memory it shares with the kernel, in bytes; nil for a socket without. Where there is no such memory,
    ///     it has none either. Without a ring, the first packets have the time at which they are read, and are counted as such: the
    ///     kernel begins to note times some moments after it was asked to (`net_enable_timestamp` in net/core/dev.c; `PacketClock`).
    ///   - shape: how the ring is divided.
    ///   - name: what an error names.
    init(
        _ filter: FilterProgram, ringSize: Int?, _ shape: PacketRing.Shape, in inside: borrowing InsideNamespace,
        named name: String
    ) throws(SystemCallError) {
        // With protocol 0 it receives nothing until it is bound.
        descriptor = try FileDescriptor(socket: AF_PACKET, SOCK_RAW, isBlocking: false, name)
        let length = UInt16(clamping: filter.instructions.count)
        let socket = descriptor.number
        let result = filter.withKernelForm { instructions in
            instructions.withUnsafeMutableBufferPointer { instructions in
                var program = sock_fprog(len: length, filter: instructions.baseAddress)
                return setsockopt(
                    socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, socklen_t(MemoryLayout<sock_fprog>.size))
            }
        }
        if result != 0 { throw SystemCallError("setsockopt", "\(name): filter") }
        var ring: PacketRing?
        if let ringSize, ringSize >= shape.smallestSize {
            do {
                ring = try PacketRing(descriptor, size: ringSize, shape, name)
            } catch {
                // Without the memory for a ring it is read packet by packet.
                if !error.isShortage { throw error }
            }
        }
        self.ring = ring
        if ring == nil {
            // Without CAP_NET_ADMIN the default size has to do.
            try? descriptor.set(SOL_SOCKET, SO_RCVBUFFORCE, Self.bufferSize, name)
            try PacketClock.noteTimes(descriptor, name)
            try descriptor.set(SOL_PACKET, PACKET_AUXDATA, CInt(1), name)
        }
        var address = sockaddr_ll()
        address.sll_family = UInt16(AF_PACKET)
        address.sll_protocol = UInt16(ETH_P_ALL).bigEndian
        try systemCall("bind", name) {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.bind(socket, $0, socklen_t(MemoryLayout<sockaddr_ll>.size))
                }
            }
        }
    }

    /// Has the poller tell of packets, by this number.
    func register(_ poller: borrowing Poller, number: Int) throws(SystemCallError) {
        try poller.add(descriptor, number: number, .receiving)
    }

    // MARK: Packets

    /// Moves the packets that are here into the queue.
    ///
    /// - Parameters:
    ///   - number: the socket's own, for the queue.
    ///   - buffer: memory for packets of sockets without a ring.
    func drain(into queue: inout FrameQueue, number: Int32, _ buffer: inout PacketBuffer) {
        if let ring {
            ring.drain { entry in
                let header = entry.header.pointee
                let tagged = header.tp_status & UInt32(TP_STATUS_VLAN_VALID) != 0
                let typed = header.tp_status & UInt32(TP_STATUS_VLAN_TPID_VALID) != 0
                queue.add(
                    FrameQueue.Frame(
                        time: UInt64(header.tp_sec) * 1_000_000_000 + UInt64(header.tp_nsec), socket: number,
                        entry.address,
                        tag: tagged
                            ? (
                                typed ? UInt16(nslab_tpacket3_vlan_type(entry.header)) : 0x8100,
                                UInt16(nslab_tpacket3_vlan(entry.header))
                            ) : nil, length: Int(header.tp_len)), entry.bytes)
            }
            return
        }
        // Others wait as well: no more than so many in one go.
        for _ in 0..<256 {
            guard buffer.receive(descriptor, number: number, into: &queue) else { return }
        }
    }

    /// Has the kernel give it no further packet.
    func stop() {
        let socket = descriptor.number
        // A filter of one instruction takes the place of the one that is there; that cannot fail for want of anything but memory,
        // and then packets come a little longer.
        _ = FilterProgram(instructions: [.end(taking: 0)]).withKernelForm { instructions in
            instructions.withUnsafeMutableBufferPointer { instructions in
                var program = sock_fprog(len: 1, filter: instructions.baseAddress)
                return setsockopt(
                    socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, socklen_t(MemoryLayout<sock_fprog>.size))
            }
        }
    }

    /// How many packets passed the filter since the socket was opened, and how many of them there was no room for.
    func statistics() -> (seen: UInt64, dropped: UInt64) {
        // Reading sets them to zero. struct tpacket_stats_v3, of which sockets without a ring have the first two.
        var counts = tpacket_stats_v3()
        var size = socklen_t(MemoryLayout<tpacket_stats_v3>.size)
        if getsockopt(descriptor.number, SOL_PACKET, PACKET_STATISTICS, &counts, &size) == 0 {
            seen += UInt64(counts.tp_packets)
            dropped += UInt64(counts.tp_drops)
        }
        return (seen, dropped)
    }

    // MARK: Interfaces

    /// What the socket's namespace says of an interface; nil if it is gone.
    func interface(_ index: UInt32) -> InterfaceDescription? {
        var name = [CChar](repeating: 0, count: Int(IFNAMSIZ))
        guard nslab_interface_name(descriptor.number, CInt(bitPattern: index), &name) == 0 else { return nil }
        let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        var description = InterfaceDescription(name: String(decoding: bytes, as: UTF8.self))
        var (type, address): (UInt16, [UInt8]) = (0, [UInt8](repeating: 0, count: 6))
        if nslab_interface_hardware(descriptor.number, name, &type, &address) == 0, CInt(type) == ARPHRD_ETHER {
            description.mac = MACAddress(octets: address)
        }
        let megabits = nslab_interface_speed(descriptor.number, name)
        if megabits > 0 { description.speed = UInt64(megabits) * 1_000_000 }
        return description
    }
}

/// What a capture says of an interface beside its packets.
struct InterfaceDescription: Hashable {
    var name: String
    var mac: MACAddress?
    /// Bits in a second; nil where the driver tells none.
    var speed: UInt64?
}

/// Memory that packets are received into by sockets without a ring, made once for a capture.
struct PacketBuffer {
    /// How many packets had no time of the kernel's: they have the one at which they were read.
    private(set) var untimed: UInt64 = 0
    private var bytes = [UInt8](repeating: 0, count: 1 << 18)
    private var control = [UInt64](repeating: 0, count: 32)

    /// Moves a packet of a socket into the queue.
    ///
    /// - Returns: false if there is none.
    fileprivate mutating func receive(
        _ socket: borrowing FileDescriptor, number: Int32, into queue: inout FrameQueue
    ) -> Bool {
        var address = sockaddr_ll()
        let descriptor = socket.number
        var isTimed = true
        defer { if !isTimed { untimed += 1 } }
        return bytes.withUnsafeMutableBytes { bytes in
            control.withUnsafeMutableBytes { control in
                var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    withUnsafeMutablePointer(to: &address) { address in
                        var message = msghdr()
                        message.msg_name = UnsafeMutableRawPointer(address)
                        message.msg_namelen = socklen_t(MemoryLayout<sockaddr_ll>.size)
                        message.msg_iov = part
                        message.msg_iovlen = 1
                        message.msg_control = control.baseAddress
                        message.msg_controllen = control.count
                        let count = uninterrupted { recvmsg(descriptor, &message, CInt(MSG_TRUNC)) }
                        guard count >= 0 else { return false }
                        var (time, auxiliary) = (timespec(), tpacket_auxdata())
                        var item = nslab_cmsg_first(&message)
                        while let current = item {
                            let data = nslab_cmsg_data(current)!
                            switch (current.pointee.cmsg_level, current.pointee.cmsg_type) {
                            // struct scm_timestamping, of which the first is software's.
                            case (SOL_SOCKET, SO_TIMESTAMPING): time = data.loadUnaligned(as: timespec.self)
                            case (SOL_PACKET, PACKET_AUXDATA):
                                auxiliary = data.loadUnaligned(as: tpacket_auxdata.self)
                            default: break
                            }
                            item = nslab_cmsg_next(&message, current)
                        }
                        let tagged = auxiliary.tp_status & UInt32(TP_STATUS_VLAN_VALID) != 0
                        let typed = auxiliary.tp_status & UInt32(TP_STATUS_VLAN_TPID_VALID) != 0
                        let noted = UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
                        isTimed = noted != 0
                        queue.add(
                            FrameQueue.Frame(
                                time: isTimed ? noted : RealTimeClock.now, socket: number, address.pointee,
                                tag: tagged ? (typed ? auxiliary.tp_vlan_tpid : 0x8100, auxiliary.tp_vlan_tci) : nil,
                                length: max(count, Int(auxiliary.tp_len))),
                            UnsafeRawBufferPointer(rebasing: bytes[..<min(count, bytes.count)]))
                        return true
                    }
                }
            }
        }
    }
}

extension FrameQueue.Frame {
    fileprivate init(
        time: UInt64, socket: Int32, _ address: sockaddr_ll, tag: (type: UInt16, control: UInt16)?, length: Int
    ) {
        self.init(
            time: time, socket: socket, interface: UInt32(bitPattern: address.sll_ifindex),
            hardwareType: address.sll_hatype, isOutgoing: CInt(address.sll_pkttype) == PACKET_OUTGOING, tag: tag,
            length: length, bytes: 0..<0)
    }
}
