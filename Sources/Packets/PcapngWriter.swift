import Addresses

/// Writes a capture as blocks of pcapng (https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html), in little-endian order:
/// one section, whose interfaces are told before their first packet, with times in nanoseconds.
public struct PcapngWriter {
    /// What was written and not yet taken.
    public private(set) var bytes: [UInt8] = []
    /// How many interfaces the section has.
    public private(set) var interfaceCount: UInt32 = 0

    /// Begins a section.
    ///
    /// - Parameters:
    ///   - application: the program that writes it.
    ///   - comment: what a reader should know of the whole capture.
    public init(application: String, comment: String? = nil) {
        block(.section) { block in
            block.number(0x1A2B_3C4D as UInt32)
            block.number(1 as UInt16)
            block.number(0 as UInt16)
            // The section's length is not known: it goes to the end of the file.
            block.number(UInt64.max)
            if let comment { block.option(.comment, comment) }
            block.option(.sectionApplication, application)
            block.endOptions()
        }
    }

    /// Takes what was written since the last time.
    public mutating func take() -> [UInt8] {
        defer { bytes.removeAll() }
        return bytes
    }

    /// Forgets what was written, and keeps the memory: for whoever has passed `bytes` on.
    public mutating func clear() { bytes.removeAll(keepingCapacity: true) }

    /// An interface of the capture.
    public struct Interface: Hashable, Sendable {
        /// Its name, which need not be unique in the kernel's eyes: `worker:eth1`.
        public var name: String
        public var linkType: LinkType
        /// The most bytes of a packet that are kept; 0 for all.
        public var snapLength: UInt32
        public var mac: MACAddress?
        /// Bits in a second; nil where the kernel knows none.
        public var speed: UInt64?
        /// The filter that packets had to pass.
        public var filter: String?

        public init(
            name: String, linkType: LinkType, snapLength: UInt32 = 0, mac: MACAddress? = nil, speed: UInt64? = nil,
            filter: String? = nil
        ) {
            self.name = name
            self.linkType = linkType
            self.snapLength = snapLength
            self.mac = mac
            self.speed = speed
            self.filter = filter
        }
    }

    /// Tells of an interface.
    ///
    /// - Returns: the number by which its packets name it.
    public mutating func add(_ interface: Interface) -> UInt32 {
        block(.interface) { block in
            block.number(interface.linkType.rawValue)
            block.number(0 as UInt16)
            block.number(interface.snapLength)
            block.option(.interfaceName, interface.name)
            if let mac = interface.mac { block.option(.interfaceMAC, mac.octets) }
            if let speed = interface.speed { block.option(.interfaceSpeed, speed) }
            // Ten to the power of -9 seconds.
            block.option(.interfaceTimeResolution, [9])
            // The filter is in the language of libpcap.
            if let filter = interface.filter { block.option(.interfaceFilter, [0] + Array(filter.utf8)) }
            block.endOptions()
        }
        defer { interfaceCount += 1 }
        return interfaceCount
    }

    /// Gives addresses their names.
    public mutating func add(names: [(address: IPAddress, name: String)]) {
        if names.isEmpty { return }
        block(.nameResolution) { block in
            for (address, name) in names where !name.isEmpty {
                var record: [UInt8]
                switch address {
                case .v4(let address): record = address.value.bigEndianBytes
                case .v6(let address): record = address.value.bigEndianBytes
                }
                record += Array(name.utf8) + [0]
                // An IPv4 or IPv6 record; no record is longer than its 16 bits say.
                guard record.count <= UInt16.max else { continue }
                block.number(address.family == .ipv4 ? 1 : 2 as UInt16)
                block.number(UInt16(record.count))
                block.padded(record[...])
            }
            // The end of records.
            block.number(0 as UInt32)
        }
    }

    /// Which way a packet passed an interface.
    public enum Direction: UInt32, Sendable {
        case unknown = 0
        case inbound = 1
        case outbound = 2
    }

    /// Writes a packet.
    ///
    /// - Parameters:
    ///   - interface: its interface's number.
    ///   - time: nanoseconds since 1970.
    ///   - data: what was captured of it.
    ///   - length: its length on the wire in bytes.
    ///   - comment: what is known of it beyond its bytes.
    public mutating func add(
        interface: UInt32, time: UInt64, data: ArraySlice<UInt8>, length: Int, direction: Direction = .unknown,
        comment: String? = nil
    ) {
        block(.enhancedPacket) { block in
            block.number(interface)
            block.time(time)
            block.number(UInt32(data.count))
            block.number(UInt32(max(length, data.count)))
            block.padded(data)
            if direction != .unknown { block.option(.packetFlags, direction.rawValue) }
            if let comment { block.option(.comment, comment) }
            if direction != .unknown || comment != nil { block.endOptions() }
        }
    }

    /// What is known of an interface when the capture ends.
    public struct Statistics: Hashable, Sendable {
        /// When the capture began and ended, in nanoseconds since 1970.
        public var start, end: UInt64
        /// How many packets passed the filter and are in the file.
        public var delivered: UInt64
        /// How many the kernel had no room for; nil where it does not say of this interface.
        public var dropped: UInt64?
        public var comment: String?

        public init(start: UInt64, end: UInt64, delivered: UInt64, dropped: UInt64?, comment: String? = nil) {
            self.start = start
            self.end = end
            self.delivered = delivered
            self.dropped = dropped
            self.comment = comment
        }
    }

    /// Writes an interface's statistics.
    public mutating func add(_ statistics: Statistics, interface: UInt32) {
        block(.interfaceStatistics) { block in
            block.number(interface)
            block.time(statistics.end)
            if let comment = statistics.comment { block.option(.comment, comment) }
            block.option(.statisticsStart, statistics.start.halves)
            block.option(.statisticsEnd, statistics.end.halves)
            block.option(.statisticsReceived, statistics.delivered + (statistics.dropped ?? 0))
            if let dropped = statistics.dropped { block.option(.statisticsKernelDropped, dropped) }
            block.option(.statisticsDelivered, statistics.delivered)
            block.endOptions()
        }
    }

    // MARK: Blocks

    private enum BlockType: UInt32 {
        case section = 0x0A0D_0D0A
        case interface = 1
        case nameResolution = 4
        case interfaceStatistics = 5
        case enhancedPacket = 6
    }

    /// Writes a block with its length before and behind it.
    private mutating func block(_ type: BlockType, _ body: (inout [UInt8]) -> Void) {
        let start = bytes.count
        bytes.number(type.rawValue)
        bytes.number(0 as UInt32)
        body(&bytes)
        let length = UInt32(bytes.count - start + 4)
        bytes.number(length)
        for index in 0..<4 { bytes[start + 4 + index] = UInt8(truncatingIfNeeded: length >> UInt32(8 * index)) }
    }
}

/// The options of blocks, by the numbers that each sort of block gives them.
private enum Option {
    case comment
    case packetFlags, interfaceName
    case sectionApplication
    case interfaceMAC, interfaceSpeed, interfaceTimeResolution, interfaceFilter
    case statisticsStart, statisticsEnd, statisticsReceived, statisticsKernelDropped, statisticsDelivered

    var number: UInt16 {
        switch self {
        case .comment: 1
        case .packetFlags, .interfaceName, .statisticsStart: 2
        case .statisticsEnd: 3
        case .sectionApplication, .statisticsReceived: 4
        case .interfaceMAC: 6
        case .interfaceSpeed, .statisticsDelivered: 8
        case .statisticsKernelDropped: 7
        case .interfaceTimeResolution: 9
        case .interfaceFilter: 11
        }
    }
}

extension [UInt8] {
    fileprivate mutating func number<Number: FixedWidthInteger>(_ number: Number) {
        for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
            append(UInt8(truncatingIfNeeded: number >> Number(shift)))
        }
    }

    /// A time in nanoseconds, its upper half first, as blocks have it.
    fileprivate mutating func time(_ time: UInt64) {
        number(UInt32(truncatingIfNeeded: time >> 32))
        number(UInt32(truncatingIfNeeded: time))
    }

    /// Bytes, filled up to a multiple of four.
    fileprivate mutating func padded(_ bytes: ArraySlice<UInt8>) {
        append(contentsOf: bytes)
        for _ in 0..<(-bytes.count & 3) { append(0) }
    }

    fileprivate mutating func option(_ option: Option, _ value: [UInt8]) {
        number(option.number)
        // An option is no longer than its 16 bits say; what a name or comment has beyond that is left out.
        let value = value.prefix(Int(UInt16.max))
        number(UInt16(value.count))
        padded(value)
    }

    fileprivate mutating func option(_ option: Option, _ text: String) { self.option(option, Array(text.utf8)) }

    fileprivate mutating func option<Number: FixedWidthInteger>(_ option: Option, _ value: Number) {
        var bytes: [UInt8] = []
        bytes.number(value)
        self.option(option, bytes)
    }

    fileprivate mutating func endOptions() { number(0 as UInt32) }
}

extension FixedWidthInteger {
    fileprivate var bigEndianBytes: [UInt8] {
        stride(from: Self.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: self >> Self($0)) }
    }
}

extension UInt64 {
    /// A time as an option has it: the upper half, then the lower.
    fileprivate var halves: [UInt8] {
        var bytes: [UInt8] = []
        bytes.time(self)
        return bytes
    }
}
