import Addresses
import Packets
import System

/// A capture as a file of pcapng, or a stream of it: an interface a block, each packet with its direction, and the kernel's counts
/// at the end.
public struct CaptureFile: CaptureSink {
    private let file: CaptureOutput
    private var writer: PcapngWriter
    private let filter: String?
    /// Whether what tunnels carry is written as packets of interfaces of their own.
    private let isDecapsulating: Bool
    /// The interfaces' numbers in the file, and those of what their tunnels carry.
    private var interfaces: [(name: String, number: UInt32, linkType: LinkType)] = []
    /// What is to be said of an echo request or reply.
    private let remark: (EchoFrame) -> String?
    private var tunnels: [Tunnel: UInt32] = [:]
    private var tunnelled: [Tunnel: UInt64] = [:]

    private struct Tunnel: Hashable {
        var interface: Int
        var vni: UInt32?
        var linkType: LinkType
    }

    /// How much is collected before it is written, in bytes.
    private static let chunk = 1 << 18

    /// A file that is begun now.
    ///
    /// - Parameters:
    ///   - application: the program's name and version.
    ///   - comment: what a reader should know of the whole capture.
    ///   - names: what the addresses of the lab are called.
    ///   - filter: the filter that packets had to pass, if any.
    ///   - remark: what is to be said of an echo request or reply; a comment of its packet.
    public init(
        _ output: consuming FileDescriptor, path: String, application: String, comment: String? = nil,
        names: [(address: IPAddress, name: String)] = [], filter: String? = nil, isDecapsulating: Bool = false,
        remark: @escaping (EchoFrame) -> String? = { _ in nil }
    ) throws {
        file = CaptureOutput(output, path)
        writer = PcapngWriter(application: application, comment: comment)
        writer.add(names: names)
        self.filter = filter
        self.isDecapsulating = isDecapsulating
        self.remark = remark
        try flush()
    }

    public mutating func add(_ interface: CapturedInterface) throws {
        let number = writer.add(
            PcapngWriter.Interface(
                name: interface.text, linkType: interface.linkType,
                mac: interface.mac.flatMap { MACAddress(octets: $0) },
                speed: interface.speed, filter: filter))
        interfaces.append((interface.text, number, interface.linkType))
    }

    public mutating func add(_ packet: CapturedPacket) throws {
        let direction: PcapngWriter.Direction = packet.isOutgoing ? .outbound : .inbound
        let (name, number, linkType) = interfaces[packet.interface]
        writer.add(
            interface: number, time: packet.time, data: packet.bytes, length: packet.length, direction: direction,
            comment: EchoFrame(packet.bytes, length: packet.length, linkType).flatMap(remark))
        if isDecapsulating { decapsulate(packet, name, direction) }
        if writer.bytes.count > Self.chunk { try flush() }
    }

    /// Writes what a tunnel carries behind the packet that carries it.
    private mutating func decapsulate(_ packet: CapturedPacket, _ name: String, _ direction: PcapngWriter.Direction) {
        let bytes = Array(packet.bytes)
        guard let inner = Packet(reading: bytes.span, length: packet.length).inner, !inner.bytes.isEmpty else { return }
        let tunnel = Tunnel(interface: packet.interface, vni: inner.vni, linkType: inner.linkType)
        let number: UInt32
        if let known = tunnels[tunnel] {
            number = known
        } else {
            let inside = inner.vni.map { "vxlan \($0)" } ?? "ip"
            number = writer.add(
                PcapngWriter.Interface(name: "\(name) (inside \(inside))", linkType: inner.linkType, filter: filter))
            tunnels[tunnel] = number
        }
        tunnelled[tunnel, default: 0] += 1
        writer.add(
            interface: number, time: packet.time, data: bytes[inner.bytes], length: inner.length, direction: direction,
            comment: "inside the packet before it")
    }

    public mutating func flush() throws {
        try file.write(writer.bytes)
        writer.clear()
    }

    public mutating func end(_ summary: CaptureSummary) throws {
        var isTold: Set<String> = []
        for (counts, (_, number, _)) in zip(summary.interfaces, interfaces) {
            // The kernel counts for a namespace as a whole: the first of its interfaces has all of its drops, so that they add up.
            let namespace = summary.namespaces.first { $0.namespace == counts.interface.namespace }
            let isFirst = isTold.insert(counts.interface.namespace).inserted
            writer.add(
                PcapngWriter.Statistics(
                    start: summary.start, end: summary.end, delivered: counts.packets,
                    dropped: isFirst ? namespace?.dropped : 0,
                    comment: isFirst ? "drops are those of all interfaces of \(counts.interface.namespace)" : nil),
                interface: number)
        }
        for (tunnel, number) in tunnels.sorted(by: { $0.value < $1.value }) {
            writer.add(
                PcapngWriter.Statistics(
                    start: summary.start, end: summary.end, delivered: tunnelled[tunnel] ?? 0, dropped: nil),
                interface: number)
        }
        try flush()
    }
}

/// Where a capture is written. A class, because a value that is copied cannot hold a descriptor.
private final class CaptureOutput {
    private let descriptor: FileDescriptor
    private let path: String

    init(_ descriptor: consuming FileDescriptor, _ path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    func write(_ bytes: [UInt8]) throws(SystemCallError) {
        if !bytes.isEmpty { try descriptor.write(bytes, path) }
    }
}
