import Testing

@testable import PacketTrace

@Suite("Frames that wait for their turn")
struct FrameQueueTests {
    private func add(_ queue: inout FrameQueue, _ time: UInt64, _ bytes: [UInt8]) {
        let frame = FrameQueue.Frame(
            time: time, socket: 0, interface: 1, hardwareType: 1, isOutgoing: false, tag: nil, length: bytes.count,
            bytes: 0..<0)
        bytes.withUnsafeBytes { queue.add(frame, $0) }
    }

    private func released(_ queue: inout FrameQueue, until time: UInt64) -> [[UInt8]] {
        var all: [[UInt8]] = []
        queue.release(until: time) { _, bytes in all.append(Array(bytes)) }
        return all
    }

    @Test("come out in order of time, those of one time in order of coming, and no later ones than asked for")
    func order() {
        var queue = FrameQueue()
        add(&queue, 30, [3])
        add(&queue, 10, [1])
        add(&queue, 20, [2, 2])
        add(&queue, 20, [4])
        add(&queue, 40, [5, 5, 5])
        #expect(released(&queue, until: 5) == [])
        #expect(released(&queue, until: 20) == [[1], [2, 2], [4]])
        add(&queue, 35, [6])
        #expect(released(&queue, until: .max) == [[3], [6], [5, 5, 5]])
        #expect(queue.isEmpty && queue.bytes.isEmpty && queue.unordered == 0)
    }

    @Test("one that comes after a later one was released is counted")
    func late() {
        var queue = FrameQueue()
        add(&queue, 30, [3])
        #expect(released(&queue, until: .max) == [[3]])
        add(&queue, 10, [1])
        #expect(released(&queue, until: .max) == [[1]])
        #expect(queue.unordered == 1)
    }
}
