import CLinux
import Glibc
import HostRoots
import System

/// Hears of every packet that the kernel drops, and why: its tracepoint `skb:kfree_skb`, which names no namespace. So it is no more than
/// a hint to what counters say.
///
/// Nothing of it is left when the process ends: the tracepoint is on as long as somebody has its descriptors.
final class DropWatch {
    private let format: DropEventFormat
    private var rings: [Ring] = []

    /// A drop.
    struct Event: Hashable {
        /// Nanoseconds since 1970.
        var time: UInt64
        /// `enum skb_drop_reason`, such as `SOCKET_RCVBUFF`.
        var reason: String
        /// The packet's EtherType.
        var etherType: UInt16
    }

    /// - Returns: nil where that is not allowed or the kernel has no such thing.
    init?() {
        // A view of tracefs that nobody else sees.
        guard let tracefs = try? UnseenFiles(of: "tracefs"),
            let text = try? tracefs.read("events/skb/kfree_skb/format", limit: 1 << 18),
            let format = DropEventFormat(String(decoding: text, as: UTF8.self))
        else { return nil }
        self.format = format
        for processor in 0..<max(1, sysconf(CInt(_SC_NPROCESSORS_CONF))) {
            // One that is off is no processor now.
            if let ring = Ring(format.id, processor: CInt(processor)) { rings.append(ring) }
        }
        if rings.isEmpty { return nil }
    }

    /// The drops so far, in order of time. What there was no room for is not among them.
    func events() -> [Event] {
        let difference = Int64(bitPattern: RealTimeClock.now &- MonotonicClock.now)
        return rings.flatMap { ring in
            ring.samples().compactMap { sample in
                format.read(sample.data).map { reason, etherType in
                    Event(
                        time: UInt64(bitPattern: Int64(bitPattern: sample.time) &+ difference), reason: reason,
                        etherType: etherType)
                }
            }
        }.sorted { $0.time < $1.time }
    }

    /// The memory that the kernel writes one processor's drops into (perf_event_open(2)).
    private final class Ring {
        private let descriptor: FileDescriptor
        private let memory: UnsafeMutableRawPointer
        private let pageSize = sysconf(CInt(_SC_PAGESIZE))

        /// A power of two.
        private static let pages = 16

        init?(_ id: UInt64, processor: CInt) {
            let number = nslab_open_tracepoint(id, processor)
            guard number >= 0 else { return nil }
            descriptor = FileDescriptor(owning: number)
            let mapped = mmap(nil, (1 + Self.pages) * pageSize, PROT_READ | PROT_WRITE, MAP_SHARED, number, 0)
            guard let mapped, mapped != MAP_FAILED else { return nil }
            memory = mapped
        }

        deinit { munmap(memory, (1 + Self.pages) * pageSize) }

        /// What was written since the beginning. The kernel stops where there is no room left, as nothing is given back.
        func samples() -> [(time: UInt64, data: [UInt8])] {
            let size = Self.pages * pageSize
            let head = nslab_perf_head(memory.assumingMemoryBound(to: perf_event_mmap_page.self))
            let written = UnsafeRawBufferPointer(start: memory + pageSize, count: min(Int(clamping: head), size))
            return Self.samples(in: Array(written))
        }

        /// Reads records: a header of 8 bytes with the type and the whole length; of a sample then the time, and a length and data.
        static func samples(in bytes: [UInt8]) -> [(time: UInt64, data: [UInt8])] {
            var samples: [(time: UInt64, data: [UInt8])] = []
            var rest = bytes[...]
            while rest.count >= 8 {
                let type = rest.number(at: 0, size: 4)
                let length = Int(rest.number(at: 6, size: 2) ?? 0)
                guard length >= 8, length <= rest.count else { return samples }
                let record = rest.prefix(length)
                if type == UInt64(PERF_RECORD_SAMPLE.rawValue), let time = record.number(at: 8, size: 8),
                    let size = record.number(at: 16, size: 4), 20 + Int(size) <= record.count
                {
                    samples.append((time, Array(record.dropFirst(20).prefix(Int(size)))))
                }
                rest = rest.dropFirst(length)
            }
            return samples
        }
    }
}

/// Where an event of `skb:kfree_skb` has what, as the kernel describes it (Documentation/trace/events.rst).
struct DropEventFormat: Hashable, Sendable {
    var id: UInt64
    private var reason, etherType: Place
    private var reasons: [UInt64: String]

    private struct Place: Hashable {
        var offset, size: Int
    }

    /// Reads the file `format`; nil where it has no reasons, as before Linux 5.17.
    init?(_ text: String) {
        var (id, places): (UInt64?, [String: Place]) = (nil, [:])
        reasons = [:]
        for line in text.split(separator: "\n") {
            if line.hasPrefix("ID: ") { id = UInt64(line.dropFirst(4)) }
            let parts = line.split(separator: ";").map { $0.drop { $0 == "\t" || $0 == " " } }
            if parts.count >= 3, parts[0].hasPrefix("field:"), let name = parts[0].split(separator: " ").last,
                parts[1].hasPrefix("offset:"), parts[2].hasPrefix("size:"),
                let offset = Int(parts[1].dropFirst(7)), let size = Int(parts[2].dropFirst(5)),
                (0..<4096).contains(offset), [2, 4, 8].contains(size)
            {
                places[String(name)] = Place(offset: offset, size: size)
            }
            guard line.hasPrefix("print fmt:") else { continue }
            // { 2, "NO_SOCKET" }, …
            for entry in line.split(separator: "{").dropFirst() {
                let words = entry.prefix { $0 != "}" }.split(separator: ",")
                guard words.count == 2, let number = UInt64(words[0].filter { $0 != " " }) else { continue }
                reasons[number] = String(words[1].filter { $0 != " " && $0 != "\"" })
            }
        }
        guard let id, let reason = places["reason"], let etherType = places["protocol"], !reasons.isEmpty else {
            return nil
        }
        (self.id, self.reason, self.etherType) = (id, reason, etherType)
    }

    /// Reads an event; nil for one that is cut short or whose reason has no name.
    func read(_ data: [UInt8]) -> (reason: String, etherType: UInt16)? {
        guard let number = data[...].number(at: reason.offset, size: reason.size), let name = reasons[number],
            let etherType = data[...].number(at: etherType.offset, size: etherType.size)
        else { return nil }
        return (name, UInt16(truncatingIfNeeded: etherType))
    }
}

extension ArraySlice<UInt8> {
    /// A number in the machine's byte order, which is that of all machines that nslab runs on; nil where there are not so many bytes.
    fileprivate func number(at offset: Int, size: Int) -> UInt64? {
        guard offset >= 0, offset + size <= count else { return nil }
        return dropFirst(offset).prefix(size).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
