import CLinux
import ClusterObjects
import Glibc
import NIOCore
import NIOPosix

/// The streams of what runs in a pod, whatever the client's connection carries them in.
///
/// It lives on the connection's event loop.
final class ProcessStreams {
    /// What a program writes to.
    enum Output {
        case output
        case error
    }

    /// What carries the streams to the client.
    protocol Carrier: AnyObject {
        /// Sends what the program has written; nil where nothing is sent any more.
        func send(_ bytes: ByteBuffer, from output: Output) -> EventLoopFuture<Void>?
        /// The program has ended, and all that it has written was sent.
        func finish(_ status: JSON)
    }

    let process: PodProcess
    private let server: APIServer
    private let loop: any EventLoop
    private weak var carrier: (any Carrier)?
    /// Where the program's standard input goes.
    private var input: (any Channel)?
    private var outputs = 0
    private var status: Int?
    private var isFinished = false
    private var hasBegun = false
    private var hasLeft = false
    private var channels: [any Channel] = []
    /// The channels that are being made.
    private var opening: [EventLoopFuture<Void>] = []
    /// Done once all is written that has come from the client.
    private var written: EventLoopFuture<Void>

    init(_ process: PodProcess, _ server: APIServer, on loop: any EventLoop) {
        self.process = process
        self.server = server
        self.loop = loop
        written = loop.makeSucceededVoidFuture()
        server.keep()
        server.desk.attach(process, to: self)
    }

    // MARK: From the program

    /// Begins to read what the program writes.
    func begin(_ carrier: any Carrier) {
        guard !hasLeft else { return }
        self.carrier = carrier
        hasBegun = true
        if process.isTerminal {
            // One descriptor is read and written; each direction closes its own.
            let copy = fcntl(process.output, F_DUPFD_CLOEXEC, 3)
            open(.output, input: process.output, output: copy >= 0 ? copy : nil)
        } else {
            open(.output, input: process.output, output: nil)
            if let error = process.error { open(.error, input: error, output: nil) }
            if let number = process.input { open(.output, input: nil, output: number) }
        }
    }

    private func open(_ stream: Output, input: CInt?, output: CInt?) {
        let bound = NIOLoopBound(self, eventLoop: loop)
        let reads = input != nil
        let bootstrap = NIOPipeBootstrap(group: loop)
            // One piece is on its way at a time: who takes nothing keeps the program waiting.
            .channelOption(.autoRead, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(OutputReader(stream, reads: reads, bound.value))
                }
            }
        if reads { outputs += 1 }
        let opened: EventLoopFuture<any Channel> =
            switch (input, output) {
            case (let input?, let output?): bootstrap.takingOwnershipOfDescriptors(input: input, output: output)
            case (let input?, nil): bootstrap.takingOwnershipOfDescriptor(input: input)
            case (nil, let output?): bootstrap.takingOwnershipOfDescriptor(output: output)
            case (nil, nil): loop.makeFailedFuture(ChannelError.badInterfaceAddressFamily)
            }
        let writes = output != nil
        let done = opened.map { channel in
            if writes { bound.value.input = channel }
            bound.value.channels.append(channel)
            if bound.value.isFinished { channel.close(promise: nil) } else if reads { channel.read() }
        }
        done.whenFailure { _ in if reads { bound.value.outputEnded() } }
        opening.append(done)
    }

    /// Something came from the program.
    fileprivate func came(_ bytes: ByteBuffer, from output: Output, _ channel: any Channel) {
        guard !isFinished, let sent = carrier?.send(bytes, from: output) else { return }
        sent.whenSuccess { channel.read() }
    }

    fileprivate func outputEnded() {
        outputs -= 1
        finishIfDone()
    }

    func processEnded(_ status: Int) {
        self.status = status
        // What it has left behind may hold its output open; that is not waited for.
        let bound = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleTask(in: .seconds(1)) {
            bound.value.outputs = 0
            bound.value.finishIfDone()
        }
        finishIfDone()
    }

    private func finishIfDone() {
        guard let status, outputs <= 0, !isFinished, let carrier else { return }
        isFinished = true
        input?.close(promise: nil)
        carrier.finish(Self.status(status))
    }

    /// How a program's end is told (metav1.Status).
    private static func status(_ status: Int) -> JSON {
        if status == 0 { return ["metadata": [:], "status": "Success"] }
        return [
            "metadata": [:], "status": "Failure", "reason": "NonZeroExitCode",
            "message": .string("command terminated with non-zero exit code: exit status \(status)"),
            "details": ["causes": [["reason": "ExitCode", "message": .string("\(status)")]]],
        ]
    }

    // MARK: To the program

    /// Writes what the client has sent.
    ///
    /// - Returns: done once the program, or the pipe to it, has taken it. What a program does not take any more is lost.
    func write(_ bytes: ByteBuffer) -> EventLoopFuture<Void> {
        let bound = NIOLoopBound(self, eventLoop: loop)
        // The channels are made in turns of the event loop: what a client sends at once waits for them.
        written = EventLoopFuture.andAllComplete(opening, on: loop).flatMap {
            bound.value.input?.writeAndFlush(bytes) ?? bound.eventLoop.makeSucceededVoidFuture()
        }.recover { _ in }
        return written
    }

    /// The client sends nothing more. A terminal has no end of its own.
    func endInput() {
        guard !process.isTerminal else { return }
        let bound = NIOLoopBound(self, eventLoop: loop)
        EventLoopFuture.andAllComplete(opening + [written], on: loop).whenComplete { _ in
            bound.value.input?.close(promise: nil)
            bound.value.input = nil
        }
    }

    /// The client's terminal has another size: `{"Width":80,"Height":24}`.
    func resize(_ message: ByteBuffer) {
        // A size that makes no sense leaves the terminal as it is, as in Kubernetes' own.
        guard process.isTerminal, !hasLeft, !isFinished, let json = try? JSON(parsing: message.readableBytesView),
            let width = json["Width"].integer, let height = json["Height"].integer, (1...10_000).contains(width),
            (1...10_000).contains(height)
        else { return }
        var size = winsize(ws_row: UInt16(height), ws_col: UInt16(width), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(process.output, UInt(TIOCSWINSZ), &size)
    }

    /// The client has gone.
    func leave() {
        guard !hasLeft else { return }
        (hasLeft, isFinished) = (true, true)
        server.letGo()
        server.desk.abandon(process.id)
        // Nobody has begun to read them.
        if !hasBegun { for descriptor in process.descriptors { Glibc.close(descriptor) } }
        for channel in channels { channel.close(promise: nil) }
        (channels, input) = ([], nil)
    }
}

/// Reads what a program writes.
private final class OutputReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let output: ProcessStreams.Output
    private let streams: ProcessStreams
    private var hasEnded: Bool

    /// - Parameter reads: false for the stream to the program.
    init(_ output: ProcessStreams.Output, reads: Bool, _ streams: ProcessStreams) {
        self.output = output
        self.streams = streams
        hasEnded = !reads
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        streams.came(unwrapInboundIn(data), from: output, context.channel)
    }

    func channelInactive(context: ChannelHandlerContext) { end() }

    /// A terminal that nobody has open any more is an error to who reads it (EIO, pty(7)).
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end()
        context.close(promise: nil)
    }

    private func end() {
        guard !hasEnded else { return }
        hasEnded = true
        streams.outputEnded()
    }
}
