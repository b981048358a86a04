import NetworkObjects

@testable import Netlink
@testable import Nftables

/// What libFuzzer calls with each input: reads it as the kernel's messages about a rule set. Nothing may trap, and what is read is
/// read again as the same from the messages that make it.
///
/// The first two bytes of each part say how long it is and which kind of message it stands in: the headers are right, so that a
/// part gets past them at once.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzNftables(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var rest = Array(UnsafeBufferPointer(start: start, count: count))[...]
    var datagram = message(0, [0, 2, 0, 0, 6, 0, 1, 0, UInt8(ascii: "t"), 0, 0, 0])
    while rest.count >= 2, let length = rest.popFirst(), let kind = rest.popFirst() {
        datagram += message(kinds[Int(kind) % kinds.count], Array(rest.prefix(Int(length) * 4)))
        rest = rest.dropFirst(Int(length) * 4)
    }
    guard let messages = try? Message.all(in: datagram) else { return 0 }
    var reader = RuleSetReader()
    for message in messages {
        precondition(!RuleObjectName(message).description.isEmpty)
        try? reader.take(message)
        _ = try? RuleEvent(message)
        if let connection = try? TrackedConnection(message) {
            precondition(
                connection.original.inverse?.inverse == connection.original || connection.original.inverse == nil)
            precondition(!connection.description.isEmpty)
        }
    }
    for id in reader.tables {
        guard let table = reader.table(id) else { continue }
        _ = table.declaration
        if let again = Nftables.readBack(table) { precondition(Nftables.readBack(again) == again) }
    }
    return 0
}

/// `NFT_MSG_NEWTABLE`, `NEWCHAIN`, `NEWRULE`, `NEWSET`, `NEWSETELEM` and `TRACE` (linux/netfilter/nf_tables.h).
private let kinds: [UInt8] = [0, 3, 6, 9, 12, 17]

private func message(_ kind: UInt8, _ payload: [UInt8]) -> [UInt8] {
    let padded = payload + [UInt8](repeating: 0, count: -payload.count & 3)
    let header: (UInt32, UInt16, UInt16, UInt32, UInt32) = (UInt32(16 + padded.count), 10 << 8 | UInt16(kind), 0, 0, 0)
    return withUnsafeBytes(of: header) { Array($0) } + padded
}
