import CLinux
import ClusterObjects
import Glibc
import NIOCore
import System

import struct System.FileDescriptor

/// Where the process that hears clients asks for what is to run in pods. Answers come on a thread of their own and go to the event loop.
final class ProcessDesk {
    private let channel: RequestChannel
    private var lastID = 0
    private var waiting: [Int: Waiting] = [:]
    private var running: [Int: ExecConnection] = [:]

    private struct Waiting {
        var start: ProcessStart
        var promise: EventLoopPromise<PodProcess>
    }

    init(_ channel: RequestChannel) { self.channel = channel }

    /// Has something run in a pod.
    ///
    /// - Returns: fails with a `Refusal` where it does not.
    func start(
        _ pod: ObjectStore.Name, _ command: [String], hasInput: Bool, isTerminal: Bool, on loop: any EventLoop
    ) -> EventLoopFuture<PodProcess> {
        lastID += 1
        let start = ProcessStart(
            id: lastID, pod: pod, command: command, hasInput: hasInput, isTerminal: isTerminal)
        let promise = loop.makePromise(of: PodProcess.self)
        waiting[start.id] = Waiting(start: start, promise: promise)
        do throws(SystemCallError) {
            try channel.send(.start(start))
        } catch {
            waiting[start.id] = nil
            promise.fail(Refusal(500, "InternalError", "\(error)"))
        }
        return promise.futureResult
    }

    /// Somebody has a process from now on, and is told of its end.
    func attach(_ process: PodProcess, to connection: ExecConnection) { running[process.id] = connection }

    /// Nobody waits for a process any more.
    func abandon(_ id: Int) {
        guard running.removeValue(forKey: id) != nil else { return }
        // Where it cannot be asked for any more, all that runs has ended with who was asked.
        try? channel.send(.end(id: id))
    }

    /// Ends a process that nobody has got.
    func discard(_ process: PodProcess) {
        for descriptor in [process.input, process.output, process.error].compactMap(\.self) { Glibc.close(descriptor) }
        // Where it cannot be asked for any more, all that runs has ended with who was asked.
        try? channel.send(.end(id: process.id))
    }

    /// Takes in an answer and the descriptors that came with it.
    func take(_ answer: ProcessAnswer, _ descriptors: [CInt]) {
        switch answer {
        case .started(let id):
            guard let asked = waiting.removeValue(forKey: id),
                let process = PodProcess(asked.start, descriptors)
            else {
                for descriptor in descriptors { Glibc.close(descriptor) }
                // As above.
                try? channel.send(.end(id: id))
                return
            }
            asked.promise.succeed(process)
        case .refused(let id, let reason):
            waiting.removeValue(forKey: id)?.promise.fail(Refusal(500, "InternalError", reason))
        case .ended(let id, let status): running.removeValue(forKey: id)?.processEnded(status)
        }
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

    func send(_ request: ProcessRequest) throws(SystemCallError) { try channel.send(request.json.description) }

    /// Receives answers until the channel ends.
    func receive(_ body: (ProcessAnswer, [CInt]) -> Void) {
        // What is no message ends the channel like its end does.
        while var message = try? channel.receive() ?? nil {
            var numbers: [CInt] = []
            while let descriptor = message.descriptors.next() { numbers.append(descriptor.release()) }
            guard let answer = ProcessAnswer(Array(message.text.utf8)) else { return }
            body(answer, numbers)
        }
    }
}
