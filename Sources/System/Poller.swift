import CLinux
import Glibc

/// Waits for many descriptors at once (epoll(7)). A descriptor that is closed leaves the set by itself.
public struct Poller: ~Copyable, Sendable {
    private let epoll: FileDescriptor

    /// What is waited for.
    public enum Interest: Sendable {
        case receiving
        case sending

        fileprivate var mask: UInt32 { (self == .sending ? EPOLLOUT : EPOLLIN).rawValue }
    }

    /// What was ready last: memory that is made once and filled by each wait.
    public struct Events {
        fileprivate var events = [epoll_event](repeating: epoll_event(), count: 64)
        fileprivate var count = 0

        public init() {}

        /// The numbers that the ready descriptors were added with.
        public var numbers: some Sequence<Int> {
            events.prefix(count).lazy.map { Int(truncatingIfNeeded: $0.data.u64) }
        }
    }

    /// An empty set.
    public init() throws(SystemCallError) {
        epoll = FileDescriptor(
            owning: try systemCall("epoll_create1", "process") { epoll_create1(CInt(EPOLL_CLOEXEC)) })
    }

    /// Adds a descriptor.
    ///
    /// - Parameter number: What distinguishes it from the others.
    public func add(
        _ descriptor: borrowing FileDescriptor, number: Int, _ interest: Interest
    ) throws(SystemCallError) {
        try control(EPOLL_CTL_ADD, descriptor.number, number, interest)
    }

    /// Adds a descriptor that another value owns.
    public func add(descriptor: CInt, number: Int, _ interest: Interest) throws(SystemCallError) {
        try control(EPOLL_CTL_ADD, descriptor, number, interest)
    }

    /// Changes what a descriptor of the set is waited for.
    public func change(
        _ descriptor: borrowing FileDescriptor, number: Int, _ interest: Interest
    ) throws(SystemCallError) {
        try control(EPOLL_CTL_MOD, descriptor.number, number, interest)
    }

    private func control(
        _ operation: CInt, _ target: CInt, _ number: Int, _ interest: Interest
    ) throws(SystemCallError) {
        var event = epoll_event()
        event.events = interest.mask
        event.data.u64 = UInt64(number)
        try systemCall("epoll_ctl", "descriptor") { epoll_ctl(epoll.number, operation, target, &event) }
    }

    /// Waits until a descriptor is ready. A signal ends the wait, with nothing ready.
    ///
    /// - Parameter milliseconds: the longest to wait; nil to wait for ever.
    public func wait(milliseconds: Int? = nil, _ events: inout Events) {
        let limit = milliseconds.map { CInt(clamping: $0) } ?? -1
        events.count = max(0, Int(epoll_wait(epoll.number, &events.events, CInt(events.events.count), limit)))
    }

    /// Waits until a descriptor is ready, or until a moment of the monotonic clock, but no longer than a second.
    public func wait(until moment: UInt64, now: UInt64, _ events: inout Events) {
        let milliseconds = moment > now ? min((moment - now + 999_999) / 1_000_000, 1000) : 0
        wait(milliseconds: Int(milliseconds), &events)
    }
}
