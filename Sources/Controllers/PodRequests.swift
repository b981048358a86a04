import ClusterObjects
import Glibc
import System

/// The channel on which the process that hears clients asks for what is done in pods.
///
/// A class, because the threads that answer on it share it.
final class PodRequests: Sendable {
    private let channel: ControlChannel

    init(_ channel: consuming ControlChannel) {
        // One that takes no answers any more is of no use to anybody.
        channel.limitWaiting(seconds: 10)
        self.channel = channel
    }

    func add(to poller: borrowing Poller, number: Int) throws(SystemCallError) {
        try poller.add(channel.socket, number: number, .receiving)
    }

    /// What is asked for.
    enum Message {
        case request(PodRequest)
        /// What makes no sense.
        case nonsense
        case end
    }

    func receive() throws(SystemCallError) -> Message {
        guard let message = try channel.receive() else { return .end }
        return PodRequest(Array(message.text.utf8)).map { .request($0) } ?? .nonsense
    }

    func send(_ answer: PodAnswer, _ descriptors: [CInt] = []) throws(SystemCallError) {
        try channel.send(answer.json.description, descriptors)
    }
}
