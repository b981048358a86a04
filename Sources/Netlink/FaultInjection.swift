#if DEBUG
    internal import CLinux
    internal import Glibc
    internal import Synchronization

    /// Has the kernel refuse one request of this process, so that tests see what becomes of the rest. In debug builds alone.
    ///
    /// `NSLAB_REFUSE_REQUEST=N:PATH` in the environment names the request, counted from 0 over all sockets, and a file that is made
    /// when it is sent. It gets a type that no kernel knows, and so the refusal is the kernel's own.
    enum FaultInjection {
        private static let order: (number: Int, path: String)? = {
            guard let text = getenv("NSLAB_REFUSE_REQUEST").map({ String(cString: $0) }) else { return nil }
            let parts = text.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, let number = Int(parts[0]) else { return nil }
            return (number, String(parts[1]))
        }()
        private static let count = Atomic<Int>(0)

        /// Spoils the request if it is among these: whole messages, one after the other.
        static func apply(to messages: UnsafeMutableRawPointer, length: Int) {
            guard let order else { return }
            var offset = 0
            while offset < length {
                if count.wrappingAdd(1, ordering: .relaxed).oldValue == order.number {
                    (messages + offset + 4).storeBytes(of: 0x0fff, as: UInt16.self)
                    close(open(order.path, O_CREAT | O_WRONLY, 0o600))
                }
                offset += (Int((messages + offset).load(as: UInt32.self)) + 3) & ~3
            }
        }
    }
#endif
