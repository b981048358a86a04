import NetworkObjects

/// What libFuzzer calls with each input: reads it as what nft lists. Whatever is read, a table equals itself, and what
/// leads from one table to another names no table but these.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRules(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    let listing = RuleListing(text)
    precondition(listing == RuleListing(text))
    for table in listing.tables where table.hasDistinctNames {
        precondition(table.commands(to: table).isEmpty, "differs from itself")
        precondition(table.differences(from: table).isEmpty, "differs from itself")
    }
    if let first = listing.tables.first, let last = listing.tables.last {
        _ = first.commands(to: last)
        _ = first.differences(from: last)
        _ = RuleListing(first.declaration)
    }
    return 0
}

extension RuleTable {
    /// Whether no two parts have a name in common, as in all that a kernel has.
    fileprivate var hasDistinctNames: Bool {
        Set(chains.map(\.name)).count == chains.count && Set(sets.map(\.name)).count == sets.count
            && sets.allSatisfy { Set($0.elements.map(\.key)).count == $0.elements.count }
    }
}
