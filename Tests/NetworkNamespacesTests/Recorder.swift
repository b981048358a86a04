import Synchronization

/// Numbers that several threads note.
final class Recorder: Sendable {
    private let content = Mutex<[Int]>([])
    func add(_ number: Int) { content.withLock { $0.append(number) } }
    var numbers: [Int] { content.withLock { $0 } }
}
