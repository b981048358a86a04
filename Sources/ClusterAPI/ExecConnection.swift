import CLinux
import ClusterObjects
import Glibc
import NIOCore
import NIOPosix
import NIOWebSocket

/// A client's connection to what runs in a pod, over a WebSocket (RFC 6455) in the fifth or fourth form of Kubernetes' channels
/// (apimachinery/pkg/util/remotecommand): each message begins with the number of a stream.
final class ExecConnection: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    /// The forms that are spoken, the best first.
    static let protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"]

    private enum Stream {
        static let input: UInt8 = 0
        static let output: UInt8 = 1
        static let error: UInt8 = 2
        static let status: UInt8 = 3
        static let size: UInt8 = 4
        /// The client has closed the stream whose number follows; of the fifth form.
        static let close: UInt8 = 255
    }

    private let process: PodProcess
    private let server: APIServer
    private var desk: ProcessDesk { server.desk }
    private var context: ChannelHandlerContext?
    /// Where the program's standard input goes.
    private var input: (any Channel)?
    private var outputs = 0
    private var status: Int?
    private var isFinished = false

    init(_ process: PodProcess, _ server: APIServer) {
        self.process = process
        self.server = server
        server.keep()
    }

    // MARK: The program's streams

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        desk.attach(process, to: self)
        if process.isTerminal {
            // One descriptor is read and written; each direction closes its own.
            let copy = fcntl(process.output, F_DUPFD_CLOEXEC, 3)
            open(Stream.output, input: process.output, output: copy >= 0 ? copy : nil)
        } else {
            open(Stream.output, input: process.output, output: nil)
            if let error = process.error { open(Stream.error, input: error, output: nil) }
            if let number = process.input { open(Stream.input, input: nil, output: number) }
        }
    }

    private func open(_ stream: UInt8, input: CInt?, output: CInt?) {
        guard let context else { return }
        let loop = context.eventLoop
        let bound = NIOLoopBound(self, eventLoop: loop)
        let bootstrap = NIOPipeBootstrap(group: loop)
            // One piece is on its way at a time: who takes nothing keeps the program waiting.
            .channelOption(.autoRead, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(StreamReader(stream, bound.value))
                }
            }
        if input != nil { outputs += 1 }
        let opened: EventLoopFuture<any Channel> =
            switch (input, output) {
            case (let input?, let output?): bootstrap.takingOwnershipOfDescriptors(input: input, output: output)
            case (let input?, nil): bootstrap.takingOwnershipOfDescriptor(input: input)
            case (nil, let output?): bootstrap.takingOwnershipOfDescriptor(output: output)
            case (nil, nil): loop.makeFailedFuture(ChannelError.badInterfaceAddressFamily)
            }
        let (reads, writes) = (input != nil, output != nil)
        opened.whenComplete { result in
            switch result {
            case .success(let channel):
                if writes { bound.value.input = channel }
                if bound.value.isFinished { channel.close(promise: nil) } else if reads { channel.read() }
            case .failure: if reads { bound.value.streamEnded() }
            }
        }
    }

    /// Something came from the program.
    fileprivate func came(_ bytes: ByteBuffer, from stream: UInt8, _ channel: any Channel) {
        guard let sent = send(stream, bytes) else { return }
        sent.whenSuccess { channel.read() }
    }

    /// A stream of the program's has ended.
    fileprivate func streamEnded() {
        outputs -= 1
        finishIfDone()
    }

    func processEnded(_ status: Int) {
        self.status = status
        guard let context else { return }
        // What it has left behind may hold its output open; that is not waited for.
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .seconds(1)) {
            bound.value.outputs = 0
            bound.value.finishIfDone()
        }
        finishIfDone()
    }

    private func finishIfDone() {
        guard let status, outputs <= 0, !isFinished, let context else { return }
        isFinished = true
        input?.close(promise: nil)
        let end = Self.status(status)
        _ = send(Stream.status, context.channel.allocator.buffer(bytes: end.bytes), isLast: true)
        var code = context.channel.allocator.buffer(capacity: 2)
        code.write(webSocketErrorCode: .normalClosure)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .connectionClose, data: code)))
            .whenComplete { _ in bound.value.close(promise: nil) }
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

    private func send(_ stream: UInt8, _ bytes: ByteBuffer, isLast: Bool = false) -> EventLoopFuture<Void>? {
        guard let context, !isFinished || isLast else { return nil }
        var message = context.channel.allocator.buffer(capacity: bytes.readableBytes + 1)
        message.writeInteger(stream)
        message.writeImmutableBuffer(bytes)
        return context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .binary, data: message)))
    }

    // MARK: The client

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.opcode {
        case .binary, .text: take(frame.unmaskedData, context)
        case .ping:
            let pong = WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData)
            context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
        case .connectionClose: context.close(promise: nil)
        default: break
        }
    }

    private func take(_ message: ByteBuffer, _ context: ChannelHandlerContext) {
        var message = message
        guard let stream = message.readInteger(as: UInt8.self) else { return }
        switch stream {
        case Stream.input: write(message, context)
        case Stream.close where message.readInteger(as: UInt8.self) == Stream.input: endInput()
        case Stream.size where process.isTerminal: resize(message)
        default: break
        }
    }

    private func write(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        guard let input, bytes.readableBytes > 0 else { return }
        // The next message is taken once the program has taken this one.
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        _ = context.channel.setOption(.autoRead, value: false)
        input.writeAndFlush(bytes).whenComplete { _ in
            _ = bound.value.channel.setOption(.autoRead, value: true)
        }
    }

    /// The client sends nothing more. A terminal has no end of its own.
    private func endInput() {
        guard !process.isTerminal else { return }
        input?.close(promise: nil)
        input = nil
    }

    private func resize(_ message: ByteBuffer) {
        // A size that makes no sense leaves the terminal as it is, as in Kubernetes' own.
        guard let json = try? JSON(parsing: message.readableBytesView), let width = json["Width"].integer,
            let height = json["Height"].integer, (1...10_000).contains(width), (1...10_000).contains(height)
        else { return }
        var size = winsize(ws_row: UInt16(height), ws_col: UInt16(width), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(process.output, UInt(TIOCSWINSZ), &size)
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
        self.context = nil
    }

    private var hasLeft = false

    private func leave() {
        guard !hasLeft else { return }
        (hasLeft, isFinished) = (true, true)
        server.letGo()
        desk.abandon(process.id)
        input?.close(promise: nil)
        input = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// Reads what a program writes.
private final class StreamReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let stream: UInt8
    private let connection: ExecConnection
    private var hasEnded = false

    init(_ stream: UInt8, _ connection: ExecConnection) {
        self.stream = stream
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.came(unwrapInboundIn(data), from: stream, context.channel)
    }

    func channelInactive(context: ChannelHandlerContext) { end() }

    /// A terminal that nobody has open any more is an error to who reads it (EIO, pty(7)).
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end()
        context.close(promise: nil)
    }

    private func end() {
        // The stream to the program is no output.
        guard !hasEnded, stream != 0 else { return }
        hasEnded = true
        connection.streamEnded()
    }
}
