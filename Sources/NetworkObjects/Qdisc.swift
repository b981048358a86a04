import Addresses
internal import CLinux

/// A queueing discipline of a link, in the words of `tc qdisc`: its root, which the frames go through that leave by it, or
/// what hangs elsewhere.
public struct Qdisc: Codable, Hashable, Sendable {
    /// The link.
    public var device: InterfaceName
    /// Where it hangs.
    public var parent: Parent
    /// What happens to them.
    public var kind: Kind

    /// The root queueing discipline of a link unless said otherwise.
    public init(_ device: InterfaceName, _ kind: Kind, parent: Parent = .root) {
        self.device = device
        self.kind = kind
        self.parent = parent
    }

    /// Where a discipline hangs (`TC_H_*`, linux/pkt_sched.h): each place of a link has one at most.
    public struct Parent: RawRepresentable, Codable, Hashable, Sendable {
        /// The number in the discipline's message: a class's handle, or one of those below.
        public let rawValue: UInt32

        /// The place with this number.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// What frames leave by (`TC_H_ROOT`, a macro with a cast).
        public static let root = Parent(rawValue: 0xffff_ffff)
        /// What frames come in by (`TC_H_INGRESS`, also `TC_H_CLSACT`).
        public static let ingress = Parent(rawValue: 0xffff_fff1)
    }

    /// What happens to frames.
    public enum Kind: Codable, Hashable, Sendable {
        /// They are delayed, lost and changed, as on a long line.
        case netem(Netem)
        /// They are slowed down.
        case tokenBucket(TokenBucket)
        /// A kind that is read and shown but not built here, by the kernel's own name for it.
        case other(String)
    }
}

/// What a network emulator does to frames (tc-netem(8), `TCA_NETEM_*`).
public struct Netem: Codable, Hashable, Sendable {
    /// How long a frame waits, in nanoseconds.
    public var delay: UInt64
    /// How far the delay varies to either side, in nanoseconds.
    public var jitter: UInt64
    /// How many frames are lost.
    public var loss: Probability
    /// How many frames are sent twice.
    public var duplicate: Probability
    /// How many frames overtake those that wait: they are sent at once. Without a delay there is nothing to overtake.
    public var reorder: Probability
    /// How many frames have a bit turned over.
    public var corrupt: Probability
    /// The most bytes in a second; nil for no limit.
    public var rate: UInt64?
    /// The most frames that wait; what comes then is dropped.
    public var limit: UInt32
    /// What else it does (`TCA_NETEM_*`): correlations, another model of loss, slots, marks.
    public package(set) var others = OtherAttributes()

    /// An emulator that does nothing unless said otherwise; as many frames wait as tc(8) would let.
    public init(
        delay: UInt64 = 0, jitter: UInt64 = 0, loss: Probability = .never, duplicate: Probability = .never,
        reorder: Probability = .never, corrupt: Probability = .never, rate: UInt64? = nil, limit: UInt32 = 1000
    ) {
        self.delay = delay
        self.jitter = jitter
        self.loss = loss
        self.duplicate = duplicate
        self.reorder = reorder
        self.corrupt = corrupt
        self.rate = rate
        self.limit = limit
    }
}

/// How often something happens to a frame, in the kernel's own fractions of 2³² − 1.
public struct Probability: Codable, Hashable, Sendable {
    /// 0 for never, all bits for always.
    public var fraction: UInt32

    /// The probability of this fraction.
    public init(fraction: UInt32) { self.fraction = fraction }

    /// So many frames of a million; more count as all.
    public init(millionths: UInt32) {
        let exact = UInt64(min(millionths, 1_000_000)) * UInt64(UInt32.max)
        fraction = UInt32((exact + 500_000) / 1_000_000)
    }

    /// How many frames of a million, rounded.
    public var millionths: UInt32 {
        UInt32((UInt64(fraction) * 1_000_000 + UInt64(UInt32.max) / 2) / UInt64(UInt32.max))
    }

    /// No frame.
    public static let never = Probability(fraction: 0)
}

/// How fast frames may leave (tc-tbf(8), `TCA_TBF_*`).
public struct TokenBucket: Codable, Hashable, Sendable {
    /// The bytes in a second, Ethernet headers among them.
    public var rate: UInt64
    /// The bytes that may leave at once after a pause. A frame that is larger is dropped.
    public var burst: UInt32
    /// The most bytes that wait; what comes then is dropped.
    public var limit: UInt32

    /// A bucket of these sizes.
    public init(rate: UInt64, burst: UInt32, limit: UInt32) {
        self.rate = rate
        self.burst = burst
        self.limit = limit
    }

    /// A bucket for a link of this MTU: ten milliseconds' worth at once, and two frames at least; fifty milliseconds' worth
    /// and ten frames at least may wait, as in the examples of tc-tbf(8).
    public init(rate: UInt64, mtu: UInt32) {
        let frame = UInt64(mtu) + 18
        let burst = max(rate / 100, 2 * frame)
        self.init(
            rate: rate, burst: UInt32(clamping: burst), limit: UInt32(clamping: burst + max(rate / 20, 10 * frame)))
    }
}

extension Qdisc {
    /// Whether a discipline that was read from the kernel is this one.
    ///
    /// The kernel keeps a bucket's size as the time in which it fills, in units of 64 ns (a 15,625,000th of a second), so it
    /// may come back a little smaller or larger.
    public func isSatisfied(by observed: Qdisc) -> Bool {
        guard device == observed.device, parent == observed.parent else { return false }
        guard case .tokenBucket(let wanted) = kind, case .tokenBucket(let seen) = observed.kind else {
            return kind == observed.kind
        }
        let tolerance = 2 * (wanted.rate / 15_625_000 + 1)
        let difference = max(wanted.burst, seen.burst) - min(wanted.burst, seen.burst)
        return wanted.rate == seen.rate && wanted.limit == seen.limit && UInt64(difference) <= tolerance
    }
}

extension Qdisc: NetworkObject {
    public static var kindName: String { "qdisc" }

    public struct Identity: Hashable, Sendable {
        var device: InterfaceName
        var parent: Parent
    }

    public var identity: Identity { Identity(device: device, parent: parent) }

    public var link: InterfaceName? { device }

    public func differences(from found: Qdisc) -> [AttributeDifference] {
        if isSatisfied(by: found) { return [] }
        return [AttributeDifference(AttributeName("\(parent)"), wanted: "\(kind)", found: "\(found.kind)")]
    }
}

extension Qdisc: CustomStringConvertible {
    public var description: String { "dev \(device) \(parent) \(kind)" }
}

extension Qdisc.Parent: CustomStringConvertible {
    public var description: String {
        switch self {
        case .root: "root"
        case .ingress: "ingress"
        default: "parent \(String(rawValue >> 16, radix: 16)):\(String(rawValue & 0xffff, radix: 16))"
        }
    }
}

extension Qdisc.Kind: CustomStringConvertible {
    public var description: String {
        switch self {
        case .netem(let netem): netem.description
        case .tokenBucket(let bucket): bucket.description
        case .other(let name): name
        }
    }
}

extension Netem: CustomStringConvertible {
    public var description: String {
        var words = ["netem", "limit \(limit)"]
        if delay > 0 || jitter > 0 { words.append("delay \(duration(delay))") }
        if jitter > 0 { words.append(duration(jitter)) }
        for (name, probability) in [
            ("loss", loss), ("duplicate", duplicate), ("reorder", reorder), ("corrupt", corrupt),
        ] where probability != .never { words.append("\(name) \(probability)") }
        if let rate { words.append("rate \(bitRate(rate))") }
        words += others.words([
            TCA_NETEM_CORR: "correlation", TCA_NETEM_LOSS: "loss", TCA_NETEM_SLOT: "slot", TCA_NETEM_ECN: "ecn",
        ])
        return words.joined(separator: " ")
    }
}

extension TokenBucket: CustomStringConvertible {
    public var description: String { "tbf rate \(bitRate(rate)) burst \(burst)b limit \(limit)b" }
}

extension Probability: CustomStringConvertible {
    /// In hundredths: `0.5%`.
    public var description: String {
        let (whole, part) = millionths.quotientAndRemainder(dividingBy: 10_000)
        if part == 0 { return "\(whole)%" }
        let digits = String(10_000 + part).dropFirst()
        return "\(whole).\(digits.reversed().drop { $0 == "0" }.reversed().map(String.init).joined())%"
    }
}

/// Nanoseconds in the largest unit that leaves no fraction.
private func duration(_ nanoseconds: UInt64) -> String {
    for (unit, name) in [(1_000_000_000, "s"), (1_000_000, "ms"), (1000, "us")] as [(UInt64, String)]
    where nanoseconds.isMultiple(of: unit) { return "\(nanoseconds / unit)\(name)" }
    return "\(nanoseconds)ns"
}

/// Bytes in a second as bits in a second, in the largest unit that leaves no fraction.
private func bitRate(_ bytes: UInt64) -> String {
    let (bits, overflows) = bytes.multipliedReportingOverflow(by: 8)
    if overflows { return "\(bytes)bps" }
    for (unit, name) in [(1_000_000_000, "gbit"), (1_000_000, "mbit"), (1000, "kbit")] as [(UInt64, String)]
    where bits.isMultiple(of: unit) && bits > 0 { return "\(bits / unit)\(name)" }
    return "\(bits)bit"
}
