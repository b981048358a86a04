import Glibc
import Packets

/// A capture as lines, one a packet, such as `12:01:07.123456 worker:eth1 Out IP 10.10.10.11 > …`.
public struct CaptureLines: CaptureSink {
    private var interfaces: [CapturedInterface] = []
    private var width = 0
    private var text = ""
    /// Whether what a tunnel carries has a line of its own.
    private let isDecapsulating: Bool
    private let output: (String) throws -> Void

    /// - Parameter output: called with whole lines.
    public init(isDecapsulating: Bool = false, _ output: @escaping (String) throws -> Void) {
        self.isDecapsulating = isDecapsulating
        self.output = output
    }

    public mutating func add(_ interface: CapturedInterface) {
        interfaces.append(interface)
        width = max(width, interface.text.count)
    }

    public mutating func add(_ packet: CapturedPacket) throws {
        let interface = interfaces[packet.interface]
        let bytes = Array(packet.bytes)
        let content = Packet(reading: bytes.span, length: packet.length, as: interface.linkType)
        let name = interface.text + String(repeating: " ", count: width - interface.text.count)
        let start = "\(Self.timeOfDay(packet.time)) \(name) \(packet.isOutgoing ? "Out" : "In ") "
        text += "\(start)\(isDecapsulating ? content.outerDescription : content.description)\n"
        if isDecapsulating, let inner = content.inner {
            let carried = Array(bytes[inner.bytes])
            let words = Packet(reading: carried.span, length: inner.length, as: inner.linkType)
            text += String(repeating: " ", count: start.count) + "└ \(words)\n"
        }
        if text.utf8.count > 1 << 16 { try flush() }
    }

    public mutating func flush() throws {
        if !text.isEmpty { try output(text) }
        text = ""
    }

    public mutating func end(_ summary: CaptureSummary) throws { try flush() }

    /// A time in nanoseconds since 1970 as the machine's own time of day, in microseconds.
    static func timeOfDay(_ time: UInt64) -> String {
        var seconds = time_t(time / 1_000_000_000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        func padded(_ number: Int, _ count: Int) -> String {
            let digits = "\(number)"
            return String(repeating: "0", count: max(0, count - digits.count)) + digits
        }
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded(Int($0), 2) }.joined(separator: ":")
        return "\(clock).\(padded(Int(time % 1_000_000_000 / 1000), 6))"
    }
}
