import CLinux
import Glibc
import System

/// Has the kernel note the time of every packet, as it does while some socket asks for times. It begins some moments after it was
/// asked to (`net_enable_timestamp` in net/core/dev.c), so whoever wants the time of the first packet asks early.
public struct PacketClock: ~Copyable, Sendable {
    private let socket: FileDescriptor

    public init() throws(SystemCallError) {
        // Any socket will do that may have packets, whatever its namespace.
        let socket = try FileDescriptor(socket: AF_INET, SOCK_DGRAM, "the time of packets")
        try Self.noteTimes(socket, "the time of packets")
        self.socket = socket
    }

    /// Has the packets of a socket come with the time at which the kernel saw them, and with none where it noted none: that is
    /// what tells `SO_TIMESTAMPING` from `SO_TIMESTAMPNS` (Documentation/networking/timestamping.rst).
    static func noteTimes(_ socket: borrowing FileDescriptor, _ object: String) throws(SystemCallError) {
        let flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE
        try socket.set(SOL_SOCKET, SO_TIMESTAMPING, CInt(flags), object)
    }
}
