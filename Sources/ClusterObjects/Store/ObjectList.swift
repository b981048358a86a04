/// A list, or the part of one that a client asked for.
public struct ObjectList: Hashable, Sendable {
    public let items: [JSON]
    /// The version that the list is of.
    public let version: Int
    /// What leads to the next part; nil if this is the last.
    public let continuation: String?
    /// How many follow.
    public let remaining: Int

    /// What lists the objects of a kind.
    ///
    /// - Parameters:
    ///   - limit: how many at most; nil for all.
    ///   - continuation: what the part before gave.
    /// - Throws: `Refusal` for a continuation that was never given.
    public init(
        _ store: ObjectStore, of kind: ResourceKind, _ query: ObjectQuery, limit: Int? = nil,
        continuation: String? = nil
    ) throws(Refusal) {
        var all = store.objects(of: kind, query)[...]
        var version = store.version
        if let continuation {
            let from = try Continuation(continuation)
            version = from.version
            all = all.drop { !(from.last < ObjectStore.Name(of: $0)) }
        }
        self.version = version
        guard let limit, limit > 0, all.count > limit, let last = all.prefix(limit).last else {
            (items, self.continuation, remaining) = (Array(all), nil, 0)
            return
        }
        items = Array(all.prefix(limit))
        remaining = all.count - limit
        self.continuation = Continuation(version: version, last: ObjectStore.Name(of: last)).text
    }

    /// The list's own metadata.
    public var metadata: JSON {
        [
            "resourceVersion": .string("\(version)"), "continue": JSON(continuation),
            "remainingItemCount": remaining > 0 ? .integer(remaining) : .null,
        ]
    }
}

/// Where the next part of a list begins, as text that clients only hand back.
private struct Continuation {
    var version: Int
    var last: ObjectStore.Name

    init(version: Int, last: ObjectStore.Name) { (self.version, self.last) = (version, last) }

    /// The parts between slashes, which no name has, in hexadecimal digits.
    var text: String {
        let plain = "\(version)/\(last.namespace)/\(last.name)"
        return plain.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    init(_ text: String) throws(Refusal) {
        let digits = Array(text.utf8)
        let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
        }
        let parts = String(decoding: bytes, as: UTF8.self).split(separator: "/", omittingEmptySubsequences: false)
        guard bytes.count * 2 == digits.count, parts.count == 3, let version = Int(parts[0]) else {
            throw .badRequest("continue key is not valid: \(text.prefix(64))")
        }
        self.init(version: version, last: ObjectStore.Name(namespace: String(parts[1]), name: String(parts[2])))
    }
}
