import ClusterObjects
import NIOCore
import NIOWebSocket

/// A client's connections to ports of a pod over a WebSocket in the fourth form of Kubernetes' channels, as the Python client has them
/// (kubelet's pkg/kubelet/cri/streaming/portforward/websocket.go): of the port that is named at place `n`, counted from 0, channel
/// `2n` carries the bytes and `2n + 1` what went wrong. Each begins with the port, two bytes, the lesser first. A connection that
/// ends takes the WebSocket along, for a channel has no end of its own.
final class WebSocketPortForward: ChannelInboundHandler, PodPortConnection.Carrier {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    /// The form that is spoken.
    static let `protocol` = "v4.channel.k8s.io"
    /// The most ports of one WebSocket: a channel's number is a byte.
    static let mostPorts = 128

    private let pod: ObjectStore.Name
    private let numbers: [UInt16]
    private let server: APIServer
    private var ports: [PodPortConnection] = []
    private var context: ChannelHandlerContext?
    private var gate: ReadGate?
    private var hasLeft = false

    /// - Parameters:
    ///   - pod: whose ports are meant.
    ///   - numbers: the ports, at most ``mostPorts``.
    init(_ pod: ObjectStore.Name, ports numbers: [UInt16], _ server: APIServer) {
        self.pod = pod
        self.numbers = numbers
        self.server = server
        server.keep()
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        gate = ReadGate(context.channel)
        for (place, number) in numbers.enumerated() {
            for channel in [UInt8(2 * place), UInt8(2 * place + 1)] {
                var port = ByteBuffer()
                port.writeInteger(number, endianness: .little)
                _ = send(port, on: channel)
            }
            guard let port = PodPortConnection(id: "\(place)", port: number, server, self, on: context.eventLoop) else {
                return close("more connections to ports of pods than the API allows")
            }
            ports.append(port)
        }
        for port in ports { port.connect(to: pod) }
    }

    // MARK: From the pod

    func send(_ bytes: ByteBuffer, of port: PodPortConnection) -> EventLoopFuture<Void>? {
        place(of: port).flatMap { send(bytes, on: UInt8(2 * $0)) }
    }

    func finish(_ port: PodPortConnection) { close() }

    func fail(_ port: PodPortConnection, _ sentence: String) {
        if let place = place(of: port) { _ = send(ByteBuffer(string: sentence), on: UInt8(2 * place + 1)) }
        close()
    }

    private func place(of port: PodPortConnection) -> Int? { ports.firstIndex { $0 === port } }

    private func send(_ bytes: ByteBuffer, on channel: UInt8) -> EventLoopFuture<Void>? {
        guard let context, !hasLeft else { return nil }
        var message = context.channel.allocator.buffer(capacity: bytes.readableBytes + 1)
        message.writeInteger(channel)
        message.writeImmutableBuffer(bytes)
        return context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .binary, data: message)))
    }

    /// Ends the WebSocket.
    private func close(_ reason: String = "") {
        guard let context, !hasLeft else { return }
        leave()
        var data = context.channel.allocator.buffer(capacity: 2 + reason.utf8.count)
        data.write(webSocketErrorCode: reason.isEmpty ? .normalClosure : .unexpectedServerError)
        data.writeString(reason)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .connectionClose, data: data)))
            .whenComplete { _ in bound.value.close(promise: nil) }
    }

    // MARK: From the client

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.opcode {
        case .binary, .text:
            var message = frame.unmaskedData
            // Nobody says anything on a channel of what went wrong.
            guard let channel = message.readInteger(as: UInt8.self), channel % 2 == 0, message.readableBytes > 0,
                ports.indices.contains(Int(channel / 2)), !hasLeft
            else { return }
            gate?.hold(message.readableBytes, until: ports[Int(channel / 2)].write(message))
        case .ping:
            let pong = WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData)
            context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
        case .connectionClose: context.close(promise: nil)
        default: break
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        gate?.update()
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
        self.context = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func leave() {
        guard !hasLeft else { return }
        hasLeft = true
        server.letGo()
        for port in ports { port.close() }
    }
}
