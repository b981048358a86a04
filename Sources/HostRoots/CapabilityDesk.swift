import CLinux
import Glibc
import System

/// Where programs with confined rights ask for capabilities.
///
/// Routing daemons, such as FRR's zebra, ask for a few at their start, and end where one of them is not to be had, although they do
/// without. Here they get those that they hold. Whether they may have them is the kernel's to say, as ever: what is changed is what
/// they ask it for.
struct CapabilityDesk: ~Copyable {
    /// Where the listeners of filters arrive (``SystemCallFilter/installListening()``).
    private let mailbox: CInt
    private var listeners: [CInt] = []
    private var buffer = MessageBuffer(size: 1, ancillary: MemoryLayout<CInt>.size)

    /// - Parameter mailbox: a datagram socket; nil for none.
    init(mailbox: CInt?) {
        self.mailbox = mailbox ?? -1
    }

    /// What to wait for.
    var descriptors: [pollfd] {
        ([mailbox] + listeners).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    }

    /// Does what there is to do.
    ///
    /// - Parameter ready: the descriptors, after the wait.
    mutating func serve(_ ready: ArraySlice<pollfd>) {
        for descriptor in ready where descriptor.revents != 0 {
            if descriptor.fd == mailbox {
                takeListener()
            } else if descriptor.revents & Int16(POLLIN) != 0 {
                Self.answer(descriptor.fd)
            } else {
                // All that had the filter have ended.
                listeners.removeAll { $0 == descriptor.fd }
                close(descriptor.fd)
            }
        }
    }

    private mutating func takeListener() {
        let socket = FileDescriptor(owning: mailbox)
        // Whoever left nothing that can be taken has its calls refused, once the listener that it sent is closed.
        let count = try? socket.receive(&buffer, "process")
        _ = socket.release()
        guard count != nil else { return }
        var received = buffer.takeDescriptors()
        if let listener = received.next() { listeners.append(listener.release()) }
    }

    private static func answer(_ listener: CInt) {
        var call = nslab_asked_call()
        guard nslab_seccomp_receive(listener, &call) == 0 else { return }
        leaveOutWhatIsNotHeld(&call, listener)
        _ = nslab_seccomp_continue(listener, call.id)
    }

    /// Changes the sets that a call of capset(2) is given, in the memory of the program. One that changes them back meanwhile is
    /// refused.
    private static func leaveOutWhatIsNotHeld(_ call: inout nslab_asked_call, _ listener: CInt) {
        var header = __user_cap_header_struct()
        guard let held = permitted(call.pid),
            nslab_read_memory(call.pid, call.arguments.0, &header, MemoryLayout.size(ofValue: header)) == 0,
            // Those of 64 bits, of which there are two halves.
            [_LINUX_CAPABILITY_VERSION_2, _LINUX_CAPABILITY_VERSION_3].map(UInt32.init).contains(header.version)
        else { return }
        var sets = (__user_cap_data_struct(), __user_cap_data_struct())
        let size = MemoryLayout.size(ofValue: sets)
        guard nslab_read_memory(call.pid, call.arguments.1, &sets, size) == 0 else { return }
        func keep(_ set: inout __user_cap_data_struct, _ held: UInt64) {
            let half = UInt32(truncatingIfNeeded: held)
            set.permitted &= half
            set.effective &= half
            set.inheritable &= half
        }
        keep(&sets.0, held)
        keep(&sets.1, held >> 32)
        // The number may be another's by now.
        if nslab_seccomp_waits(listener, call.id) != 0 {
            _ = nslab_write_memory(call.pid, call.arguments.1, &sets, size)
        }
    }

    /// The capabilities that a thread may have in effect (proc_pid_status(5)); nil where that cannot be read, and the kernel is asked
    /// for what the thread asked for.
    private static func permitted(_ thread: pid_t) -> UInt64? {
        let path = "/proc/\(thread)/status"
        guard let file = try? FileDescriptor(opening: path, O_RDONLY),
            let text = try? file.readAll(path, limit: 1 << 16)
        else { return nil }
        let line = String(decoding: text, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("CapPrm:") }
        return line.flatMap { UInt64($0.dropFirst(7).trimmingPrefix { $0 == "\t" || $0 == " " }, radix: 16) }
    }
}
