/// Knows a probe's echo request or reply among other ICMP, whoever has captured it.
public enum ProbeMark {
    /// What is to be said of a probe's message; nil for one that is none.
    ///
    /// A probe carries 24 bytes in which its identifier and its sequence number stand once more (`EchoPayload`): of other
    /// messages of that size one in 2³² does.
    public static func remark(identifier: UInt16, sequence: UInt16, payload: ArraySlice<UInt8>) -> String? {
        guard payload.count == EchoPayload.size else { return nil }
        func number(_ offset: Int, _ size: Int) -> UInt64 {
            payload.dropFirst(offset).prefix(size).reduce(0) { $0 << 8 | UInt64($1) }
        }
        let (index, attempt) = (number(8, 4), number(12, 4))
        guard number(6, 2) == identifier, index & 0xffff == sequence, attempt <= 1000 else { return nil }
        return "nslab probe \(index + 1)" + (attempt > 0 ? ", attempt \(attempt + 1)" : "")
    }
}
