/// What the frames suffer that cross a cable in one direction, as on a line that is long, slow or bad.
public struct LinkConditions: Hashable, Sendable {
    /// How long each frame takes, in nanoseconds; at most `maximumDelay`.
    public var delay: UInt64
    /// How far the delay varies to either side, in nanoseconds; no more than the delay.
    public var jitter: UInt64
    /// How many frames of a million are lost.
    public var loss: UInt32
    /// How many frames of a million arrive twice.
    public var duplicate: UInt32
    /// How many frames of a million overtake those that are on their way; needs a delay.
    public var reorder: UInt32
    /// How many frames of a million arrive with a bit turned over.
    public var corrupt: UInt32
    /// The most bits in a second; nil for no limit. Whole bytes: a multiple of 8.
    public var rate: UInt64?

    /// Conditions; none unless said otherwise.
    public init(
        delay: UInt64 = 0, jitter: UInt64 = 0, loss: UInt32 = 0, duplicate: UInt32 = 0, reorder: UInt32 = 0,
        corrupt: UInt32 = 0, rate: UInt64? = nil
    ) {
        self.delay = delay
        self.jitter = jitter
        self.loss = loss
        self.duplicate = duplicate
        self.reorder = reorder
        self.corrupt = corrupt
        self.rate = rate
    }

    /// A cable as it should be.
    public static let none = LinkConditions()

    /// Whether nothing is asked for but a rate, which more kernels can do than the rest.
    public var isRateAlone: Bool { rate != nil && self == LinkConditions(rate: rate) }

    /// The longest delay, one minute in nanoseconds.
    public static let maximumDelay: UInt64 = 60_000_000_000

    /// What contradicts itself, each with the name of its field.
    public var contradictions: [(field: String, sentence: String)] {
        var found: [(String, String)] = []
        if jitter > delay {
            found.append(
                (
                    "jitter",
                    "the delay varies by no more than itself: a jitter of \(Self.text(duration: jitter)) needs a delay "
                        + "of \(Self.text(duration: jitter)) or more"
                ))
        }
        if reorder > 0, delay == 0 {
            found.append(("reorder", "only frames that wait can be overtaken; say a delay as well, such as 10ms"))
        }
        return found
    }
}
