import YAML

/// Conditions of cables.
extension NativeReader {
    /// `{ delay: 20ms }` for both directions, or `{ out: { delay: 20ms }, in: { loss: 1% } }`.
    ///
    /// - Returns: what leaves by the end that says it, and what arrives there.
    mutating func conditions(_ value: YAMLValue) -> CableConditions {
        guard case .mapping(let entries) = value.content,
            entries.contains(where: { $0.key.text == "out" || $0.key.text == "in" })
        else {
            let both = oneWay(value)
            return CableConditions(out: both, in: both)
        }
        let fields = fields(value, ["out", "in"])
        return CableConditions(
            out: field(fields, "out") { $0.oneWay($1) } ?? .none, in: field(fields, "in") { $0.oneWay($1) } ?? .none)
    }

    private mutating func oneWay(_ value: YAMLValue) -> LinkConditions {
        let fields = fields(value, ["delay", "jitter", "loss", "duplicate", "reorder", "corrupt", "rate"])
        func share(_ name: String, _ reader: inout Self) -> UInt32 {
            reader.field(fields, name) { $0.quantity($1, "a share of frames, such as 1%", LinkConditions.share) } ?? 0
        }
        func duration(_ name: String, _ reader: inout Self) -> UInt64 {
            reader.field(fields, name) { $0.quantity($1, "a duration, such as 20ms", LinkConditions.duration) } ?? 0
        }
        let conditions = LinkConditions(
            delay: duration("delay", &self), jitter: duration("jitter", &self), loss: share("loss", &self),
            duplicate: share("duplicate", &self), reorder: share("reorder", &self), corrupt: share("corrupt", &self),
            rate: field(fields, "rate") { $0.quantity($1, "a rate, such as 10mbit", LinkConditions.rate) })
        for contradiction in conditions.contradictions {
            // A delay that could not be read was reported; what depends on it says nothing new.
            guard let wrong = fields[contradiction.field], errors.last?.path.steps.starts(with: path.steps) != true
            else {
                continue
            }
            at(.key(contradiction.field)) { $0.report(wrong.mark, contradiction.sentence) }
        }
        return conditions
    }

    private mutating func quantity<Value>(
        _ value: YAMLValue, _ what: String, _ read: (String) throws(QuantityError) -> Value
    ) -> Value? {
        guard let text = text(value, what) else { return nil }
        do throws(QuantityError) { return try read(text) } catch {
            report(value.mark, error.sentence)
            return nil
        }
    }
}

/// The conditions of a cable as one end sees them.
struct CableConditions: Hashable {
    /// Of what leaves by this end.
    var out = LinkConditions.none
    /// Of what arrives there.
    var `in` = LinkConditions.none

    /// The same from the other end.
    var reversed: CableConditions { CableConditions(out: `in`, in: out) }
}
