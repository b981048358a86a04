import CLinux
import Glibc

extension msghdr {
    /// Makes a message of bytes and of control data (cmsg(3)), and calls `body` with it.
    ///
    /// - Parameter control: its length is what is sent, or the most that is received.
    static func with<Result>(
        _ bytes: UnsafeMutableRawBufferPointer, control: UnsafeMutableRawBufferPointer,
        _ body: (inout msghdr) -> Result
    ) -> Result {
        var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
        return withUnsafeMutablePointer(to: &part) { part in
            var message = msghdr()
            message.msg_iov = part
            message.msg_iovlen = 1
            if control.count > 0 {
                message.msg_control = control.baseAddress
                message.msg_controllen = control.count
            }
            return body(&message)
        }
    }

    /// Puts one item into the control data, which has room for that one alone (`nslab_cmsg_space`).
    mutating func put(level: CInt, type: CInt, _ data: UnsafeRawBufferPointer) {
        nslab_cmsg_put(nslab_cmsg_first(&self), level, type, data.baseAddress, data.count)
    }

    /// Calls `body` with each item of control data that came.
    mutating func forEachItem(_ body: (_ level: CInt, _ type: CInt, UnsafeRawBufferPointer) -> Void) {
        var header = nslab_cmsg_first(&self)
        while let current = header {
            let length = max(0, Int(current.pointee.cmsg_len) - nslab_cmsg_length(0))
            body(
                current.pointee.cmsg_level, current.pointee.cmsg_type,
                UnsafeRawBufferPointer(start: nslab_cmsg_data(current), count: length))
            header = nslab_cmsg_next(&self, current)
        }
    }
}

/// Room for control data of items of so many bytes, in words of eight: its headers want their alignment.
func controlRoom(_ sizes: Int...) -> [UInt64] {
    [UInt64](repeating: 0, count: (sizes.reduce(0) { $0 + nslab_cmsg_space($1) } + 7) / 8)
}
