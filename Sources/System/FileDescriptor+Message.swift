import Addresses
import CLinux
import Glibc

/// Messages with what goes beside their bytes (sendmsg(2), recvmsg(2)).
extension FileDescriptor {
    /// Sends a message on a socket. A peer that has ended the connection is an error (`EPIPE`) and no signal.
    ///
    /// - Parameters:
    ///   - address: the receiver; nil on a connected socket.
    ///   - item: what goes beside the bytes.
    ///   - object: what an error names.
    public func send(
        _ bytes: Span<UInt8>, to address: SocketAddress? = nil, with item: AncillaryItem? = nil,
        _ object: @autoclosure () -> String
    ) throws(SystemCallError) {
        var control = item.map { [UInt64](ancillary: [$0.data.count]) } ?? []
        let result = bytes.withUnsafeBytes { bytes in
            control.withUnsafeMutableBytes { control in
                var part = iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    var message = msghdr()
                    message.msg_iov = part
                    message.msg_iovlen = 1
                    if let item {
                        message.msg_control = control.baseAddress
                        message.msg_controllen = control.count
                        nslab_cmsg_put(nslab_cmsg_first(&message), item.level, item.type, item.data, item.data.count)
                    }
                    guard let address else { return transmit(&message) }
                    return address.withPointer { address, size in
                        message.msg_name = UnsafeMutableRawPointer(mutating: address)
                        message.msg_namelen = size
                        return transmit(&message)
                    }
                }
            }
        }
        if result < 0 { throw SystemCallError("sendmsg", object()) }
    }

    private func transmit(_ message: inout msghdr) -> Int {
        uninterrupted { sendmsg(number, &message, CInt(MSG_NOSIGNAL)) }
    }

    /// Receives a message on a socket.
    ///
    /// - Parameter object: what an error names.
    /// - Returns: how many bytes came; 0 at the end of a connection.
    public func receive(
        _ buffer: inout MessageBuffer, _ object: @autoclosure () -> String
    ) throws(SystemCallError) -> Int {
        try systemCall("recvmsg", object()) { buffer.fill(from: number) }
    }
}

/// An item of ancillary data, which goes with a message beside its bytes (cmsg(3)).
public struct AncillaryItem {
    fileprivate let level: CInt
    fileprivate let type: CInt
    fileprivate let data: [UInt8]

    /// An item such as `IPPROTO_IP`, `IP_PKTINFO`, with the C structure that its manual page names.
    public init<Value>(_ level: CInt, _ type: CInt, _ value: Value) {
        (self.level, self.type) = (level, type)
        data = withUnsafeBytes(of: value) { Array($0) }
    }

    /// Descriptors, of which the receiver gets copies (unix(7), `SCM_RIGHTS`).
    public init(descriptors: [CInt]) {
        (level, type) = (SOL_SOCKET, CInt(SCM_RIGHTS))
        data = descriptors.withUnsafeBytes { Array($0) }
    }
}

/// Memory that messages are received into, one after the other, made once.
public struct MessageBuffer {
    /// The memory, with the bytes of the last message at its beginning.
    public private(set) var bytes: [UInt8]
    /// Whether the last message had more bytes or items than there was room for.
    public private(set) var isTruncated = false
    private var control: [UInt64]
    private var controlLength = 0
    private var address = sockaddr_storage()

    /// Memory for messages of so many bytes.
    ///
    /// - Parameter ancillary: the sizes, in bytes, of the items that may come with one.
    public init(size: Int, ancillary: Int...) {
        bytes = [UInt8](repeating: 0, count: size)
        control = [UInt64](ancillary: ancillary)
    }

    fileprivate mutating func fill(from socket: CInt) -> Int {
        bytes.withUnsafeMutableBytes { bytes in
            control.withUnsafeMutableBytes { control in
                withUnsafeMutablePointer(to: &address) { address in
                    var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                    return withUnsafeMutablePointer(to: &part) { part in
                        var message = msghdr()
                        message.msg_name = UnsafeMutableRawPointer(address)
                        message.msg_namelen = socklen_t(MemoryLayout<sockaddr_storage>.size)
                        message.msg_iov = part
                        message.msg_iovlen = 1
                        message.msg_control = control.baseAddress
                        message.msg_controllen = control.count
                        let count = recvmsg(socket, &message, CInt(MSG_CMSG_CLOEXEC))
                        controlLength = count < 0 ? 0 : message.msg_controllen
                        isTruncated = message.msg_flags & CInt(MSG_CTRUNC | MSG_TRUNC) != 0
                        return count
                    }
                }
            }
        }
    }

    /// Who sent the last message; nil on sockets without addresses.
    public var sender: SocketAddress? { SocketAddress(address) }

    /// An item that came with the last message; nil if there was none of this kind.
    public func item<Value>(_ level: CInt, _ type: CInt, as _: Value.Type) -> Value? {
        var found: Value?
        forEachItem(level, type) { data in
            if data.count >= MemoryLayout<Value>.size { found = data.loadUnaligned(as: Value.self) }
        }
        return found
    }

    /// The descriptors that came with the last message. Whoever receives on a UNIX socket takes them after each message: nothing
    /// else closes them.
    public mutating func takeDescriptors() -> ReceivedDescriptors {
        var numbers: [CInt] = []
        forEachItem(SOL_SOCKET, CInt(SCM_RIGHTS)) { data in
            for offset in stride(from: 0, to: data.count, by: MemoryLayout<CInt>.size) {
                numbers.append(data.loadUnaligned(fromByteOffset: offset, as: CInt.self))
            }
        }
        controlLength = 0
        return ReceivedDescriptors(owning: numbers)
    }

    private func forEachItem(_ level: CInt, _ type: CInt, _ body: (UnsafeRawBufferPointer) -> Void) {
        control.withUnsafeBytes { control in
            var message = msghdr()
            message.msg_control = UnsafeMutableRawPointer(mutating: control.baseAddress)
            message.msg_controllen = controlLength
            var header = nslab_cmsg_first(&message)
            while let current = header {
                if current.pointee.cmsg_level == level, current.pointee.cmsg_type == type {
                    let length = max(0, Int(current.pointee.cmsg_len) - nslab_cmsg_length(0))
                    body(UnsafeRawBufferPointer(start: nslab_cmsg_data(current), count: length))
                }
                header = nslab_cmsg_next(&message, current)
            }
        }
    }
}

/// Descriptors from another process. Each is closed unless it is taken.
public struct ReceivedDescriptors: ~Copyable {
    private var numbers: ArraySlice<CInt>

    fileprivate init(owning numbers: [CInt]) { self.numbers = numbers[...] }

    deinit { for number in numbers { close(number) } }

    /// How many are left.
    public var count: Int { numbers.count }

    /// Takes the first of those that are left.
    public mutating func next() -> FileDescriptor? { numbers.popFirst().map { FileDescriptor(owning: $0) } }
}

extension [UInt64] {
    /// Room for items of these sizes in bytes, in words of eight bytes: the headers want their alignment.
    fileprivate init(ancillary sizes: [Int]) {
        self.init(repeating: 0, count: (sizes.reduce(0) { $0 + nslab_cmsg_space($1) } + 7) / 8)
    }
}
