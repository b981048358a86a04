internal import CLinux
internal import Glibc
internal import System

/// What the kernel tells of its own accord (netlink(7), multicast groups).
extension NetlinkSocket {
    /// Has the socket told what a group is told. The groups of a protocol are numbered from 1 on.
    ///
    /// - Throws: `system` where the kernel has no such group, or the caller may not hear it.
    public mutating func join(group: UInt32) throws(NetlinkError) {
        var group = group
        guard
            setsockopt(
                descriptor, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, socklen_t(MemoryLayout<UInt32>.size)) == 0
        else { throw .system(call: "setsockopt(NETLINK_ADD_MEMBERSHIP)", errno: errno) }
    }

    /// What has been told since it was last asked for, in order; what another process sent is left out.
    ///
    /// - Throws: `repliesLost` where some of it found no room.
    public mutating func notifications() throws(NetlinkError) -> [Message] {
        var all: [Message] = []
        while let (length, sender) = try receiveDatagramIfAny() {
            // Port id 0 is the kernel's (netlink(7)).
            guard sender == 0 else { continue }
            do throws(MalformedMessage) {
                var messages = Messages(buffer[..<length])
                while let message = try messages.next() { all.append(message) }
            } catch {
                throw .malformed(error)
            }
        }
        return all
    }
}
