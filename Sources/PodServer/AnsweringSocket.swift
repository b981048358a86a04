import Addresses
import Synchronization

/// One listening socket of the process and what answers there.
///
/// A class, because connections look at it when they begin and a plan may change it meanwhile.
final class AnsweringSocket: Sendable {
    let name: SocketName
    private let content: Mutex<Content>

    /// Who answers, and what.
    struct Content: Sendable {
        var pod: PodServerPlan.Pod
        var answer: PodServerPlan.Answer
    }

    init(name: SocketName, _ content: Content) {
        self.name = name
        self.content = Mutex(content)
    }

    /// What answers the connections that begin now.
    var current: Content {
        get { content.withLock { $0 } }
        set { content.withLock { $0 = newValue } }
    }
}

extension PodServerPlan {
    /// What answers at each of the plan's sockets of one transport protocol.
    func contents(_ transport: Transport) -> [SocketName: AnsweringSocket.Content] {
        var contents: [SocketName: AnsweringSocket.Content] = [:]
        for pod in pods {
            for listener in pod.listeners where listener.transport == transport {
                contents[SocketName(pod.pin, listener)] = AnsweringSocket.Content(pod: pod, answer: listener.answer)
            }
        }
        return contents
    }
}
