import NIOCore

/// Has a connection read no more than is taken on: not while more than ``mostWaiting`` bytes of it wait, nor while its client takes
/// nothing of what is sent.
///
/// It lives on the connection's event loop.
final class ReadGate {
    /// How much may wait, in bytes.
    static let mostWaiting = 1 << 20

    private let channel: any Channel
    private var waiting = 0
    private var isOpen = true

    init(_ channel: any Channel) { self.channel = channel }

    /// So many bytes wait until something is done.
    func hold(_ count: Int, until taken: EventLoopFuture<Void>) {
        waiting += count
        update()
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        taken.whenComplete { _ in
            bound.value.waiting -= count
            bound.value.update()
        }
    }

    /// Has the connection read, or not, as things are.
    func update() {
        let opens = channel.isWritable && waiting <= (isOpen ? Self.mostWaiting : Self.mostWaiting / 2)
        guard opens != isOpen else { return }
        isOpen = opens
        _ = channel.setOption(.autoRead, value: opens)
    }
}
