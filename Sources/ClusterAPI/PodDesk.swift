import CLinux
import ClusterObjects
import Glibc
import NIOCore
import System

import struct System.FileDescriptor

/// Where the process that hears clients asks for what is to be done in pods. Answers come on a thread of their own and go to the event loop.
final class PodDesk {
    private let channel: RequestChannel
    private var lastID = 0
    private var waiting: [Int: Waiting] = [:]
    private var running: [Int: ProcessStreams] = [:]

    private enum Waiting {
        case process(ProcessStart, EventLoopPromise<PodProcess>)
        case descriptor(EventLoopPromise<CInt>)

        func fail(_ refusal: Refusal) {
            switch self {
            case .process(_, let promise): promise.fail(refusal)
            case .descriptor(let promise): promise.fail(refusal)
            }
        }
    }

    init(_ channel: RequestChannel) { self.channel = channel }

    /// Has something run in a pod.
    ///
    /// - Returns: fails with a `Refusal` where it does not.
    func start(
        _ pod: ObjectStore.Name, _ command: [String], hasInput: Bool, isTerminal: Bool, on loop: any EventLoop
    ) -> EventLoopFuture<PodProcess> {
        let start = ProcessStart(
            id: nextID(), pod: pod, command: command, hasInput: hasInput, isTerminal: isTerminal)
        let promise = loop.makePromise(of: PodProcess.self)
        ask(.start(start), start.id, .process(start, promise))
        return promise.futureResult
    }

    /// A connection to a port of a pod's loopback; who gets the descriptor closes it.
    ///
    /// - Returns: fails with a `Refusal` where there is none.
    func connect(_ pod: ObjectStore.Name, port: UInt16, on loop: any EventLoop) -> EventLoopFuture<CInt> {
        let (id, promise) = (nextID(), loop.makePromise(of: CInt.self))
        ask(.connect(id: id, pod, port: port), id, .descriptor(promise))
        return promise.futureResult
    }

    /// What a pod has logged, as lines that a ``LogFilter`` reads; who gets the descriptor closes it.
    ///
    /// - Returns: fails with a `Refusal` where there is no log.
    func log(_ pod: ObjectStore.Name, follows: Bool, on loop: any EventLoop) -> EventLoopFuture<CInt> {
        let (id, promise) = (nextID(), loop.makePromise(of: CInt.self))
        ask(.log(id: id, pod, follows: follows), id, .descriptor(promise))
        return promise.futureResult
    }

    private func nextID() -> Int {
        lastID += 1
        return lastID
    }

    private func ask(_ request: PodRequest, _ id: Int, _ asking: Waiting) {
        waiting[id] = asking
        do throws(SystemCallError) {
            try channel.send(request)
        } catch {
            waiting[id] = nil
            asking.fail(Refusal(500, "InternalError", "\(error)"))
        }
    }

    /// Somebody has a process from now on, and is told of its end.
    func attach(_ process: PodProcess, to streams: ProcessStreams) { running[process.id] = streams }

    /// Nobody waits for a process any more.
    func abandon(_ id: Int) {
        guard running.removeValue(forKey: id) != nil else { return }
        // Where it cannot be asked for any more, all that runs has ended with who was asked.
        try? channel.send(.end(id: id))
    }

    /// Ends a process that nobody has got.
    func discard(_ process: PodProcess) {
        for descriptor in process.descriptors { Glibc.close(descriptor) }
        // Where it cannot be asked for any more, all that runs has ended with who was asked.
        try? channel.send(.end(id: process.id))
    }

    /// Takes in an answer and the descriptors that came with it.
    func take(_ answer: PodAnswer, _ descriptors: [CInt]) {
        switch answer {
        case .started(let id):
            let asked = waiting.removeValue(forKey: id)
            if case .process(let start, let promise)? = asked, let process = PodProcess(start, descriptors) {
                return promise.succeed(process)
            }
            refuse(asked, descriptors)
            // As above.
            try? channel.send(.end(id: id))
        case .opened(let id):
            let asked = waiting.removeValue(forKey: id)
            if case .descriptor(let promise)? = asked, descriptors.count == 1 { return promise.succeed(descriptors[0]) }
            refuse(asked, descriptors)
        case .refused(let id, let reason):
            waiting.removeValue(forKey: id)?.fail(Refusal(500, "InternalError", reason))
        case .ended(let id, let status): running.removeValue(forKey: id)?.processEnded(status)
        }
    }

    /// What was answered is not what was asked for.
    private func refuse(_ asked: Waiting?, _ descriptors: [CInt]) {
        for descriptor in descriptors { Glibc.close(descriptor) }
        asked?.fail(Refusal(500, "InternalError", "what came was not what was asked for"))
    }
}

/// What runs in a pod, and its streams. Who has it closes them.
struct PodProcess: Sendable {
    let id: Int
    let isTerminal: Bool
    /// Of a terminal the one descriptor for all.
    let input: CInt?
    let output: CInt
    let error: CInt?

    var descriptors: [CInt] { [input, output, error].compactMap(\.self) }

    fileprivate init?(_ start: ProcessStart, _ descriptors: [CInt]) {
        id = start.id
        isTerminal = start.isTerminal
        guard descriptors.count == (start.isTerminal ? 1 : start.hasInput ? 3 : 2) else { return nil }
        if start.isTerminal {
            (input, output, error) = (nil, descriptors[0], nil)
        } else {
            input = start.hasInput ? descriptors[0] : nil
            output = descriptors[descriptors.count - 2]
            error = descriptors[descriptors.count - 1]
        }
    }
}

/// The channel to the process that knows the lab.
///
/// A class, because the event loop sends on it and a thread receives.
final class RequestChannel: Sendable {
    private let channel: ControlChannel

    init(owning number: CInt) {
        channel = ControlChannel(socket: FileDescriptor(owning: number))
    }

    func send(_ request: PodRequest) throws(SystemCallError) { try channel.send(request.json.description) }

    /// Receives answers until the channel ends. What is no answer ends it, too: which of those who wait it was for is not known.
    func receive(_ body: (PodAnswer, [CInt]) -> Void) {
        // One that fails is one that has ended: the process ends with it and says so in its log.
        while var message = try? channel.receive() ?? nil {
            var numbers: [CInt] = []
            while let descriptor = message.descriptors.next() { numbers.append(descriptor.release()) }
            guard let answer = PodAnswer(Array(message.text.utf8)) else {
                for number in numbers { Glibc.close(number) }
                return
            }
            body(answer, numbers)
        }
    }
}
