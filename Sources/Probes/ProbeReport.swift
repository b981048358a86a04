import Addresses

/// What the probes of a lab found, in the words of its JSON.
public struct ProbeReport: Sendable {
    /// How many probes found what they had to.
    public var passed: Int
    /// How many did not.
    public var failed: Int
    /// How many there would be if none was left out; more than were made in a very large lab.
    public var complete: Int
    /// What was left out because the lab's own files lead no way there, a sentence each; absent where nothing was.
    public var unreachable: [String]?
    /// Services and names that nothing can be said of; absent where there are none.
    public var unprobed: [UnprobedService]?
    /// How long all of it took, in seconds.
    public var duration: Double
    public var results: [Result]

    /// What came of one check, sent once or several times.
    public struct Result: Sendable {
        public var from: String
        public var to: String
        public var address: String
        /// The name that the DNS is asked for, or the service's port; absent where an address says all.
        public var name: String?
        /// `IPv4` or `IPv6`.
        public var family: String
        /// What kind of check it is: `pod → pod`.
        public var check: String
        /// The way the packet takes: `same node`, `native`, `routed`, `VXLAN`, `IPIP`, `external` or `link`; for a service, how it
        /// is asked: `by address`, `by name`, `balance` or `affinity`; for the DNS, the record's type.
        public var path: String
        public var ok: Bool
        /// The shortest round trip in seconds; absent without an answer.
        public var rtt: Double?
        /// The answer's TTL or hop limit.
        public var ttl: Int?
        public var expectedTTL: Int?
        /// What was expected and what is wrong; absent if the probe passed.
        public var failure: String?
        /// The failure without its cause and without what was checked.
        public var finding: String?
        /// What is wrong in the lab; absent if the probe passed, or nothing was found.
        public var cause: FailureCause?

        /// What distinguishes it from every other check of a lab.
        fileprivate var identity: [String] { [check, path, from, to, address, family] + (name.map { [$0] } ?? []) }
    }

    /// The probes that failed for one cause.
    public struct Failures: Sendable {
        /// The cause; nil where nothing was found.
        public var cause: FailureCause?
        /// The probes, in the report's order.
        public var results: [Result]
    }

    /// Probes of one kind, family and path.
    public struct Group: Sendable {
        public var title: String
        public var family: String
        public var path: String
        public var expectedTTLs: [Int]
        public var passed: Int
        public var total: Int
        /// The shortest and the longest round trip in seconds; nil without an answer.
        public var roundTrips: ClosedRange<Double>?
    }

    /// The probes by kind, path and family, in the order they first appear.
    public var groups: [Group] {
        var order: [[String]: Int] = [:]
        var groups: [Group] = []
        for result in results {
            let index = order[[result.check, result.path, result.family], default: groups.count]
            if index == groups.count {
                order[[result.check, result.path, result.family]] = index
                groups.append(
                    Group(
                        title: result.check, family: result.family, path: result.path, expectedTTLs: [], passed: 0,
                        total: 0, roundTrips: nil))
            }
            groups[index].add(result)
        }
        return groups
    }

    /// Adds the results of one more round. A check that was there already passes if it passes every time.
    ///
    /// - Parameter time: how long the round took, in seconds.
    public mutating func add(_ others: [Result], duration time: Double) {
        duration += time
        var known: [[String]: Int] = [:]
        for (index, result) in results.enumerated() { known[result.identity] = index }
        for other in others {
            guard let index = known[other.identity] else {
                results.append(other)
                if other.ok { passed += 1 } else { failed += 1 }
                complete += 1
                continue
            }
            if results[index].ok, !other.ok {
                passed -= 1
                failed += 1
                results[index].ok = false
                results[index].failure = other.failure
                results[index].finding = other.finding
                results[index].cause = other.cause
            }
            results[index].rtt = [results[index].rtt, other.rtt].compactMap(\.self).min()
        }
    }

    /// What is wrong, a sentence for each probe that failed.
    public var failures: [String] { results.compactMap(\.failure) }

    /// The probes that failed by what is wrong in the lab: the cause of most first, those without one last.
    public var failuresByCause: [Failures] {
        var order: [FailureCause?: Int] = [:]
        var all: [Failures] = []
        for result in results where !result.ok {
            let index = order[result.cause, default: all.count]
            if index == all.count {
                order[result.cause] = index
                all.append(Failures(cause: result.cause, results: []))
            }
            all[index].results.append(result)
        }
        return all.enumerated().sorted {
            ($0.element.cause == nil ? 1 : 0, -$0.element.results.count, $0.offset)
                < ($1.element.cause == nil ? 1 : 0, -$1.element.results.count, $1.offset)
        }.map(\.element)
    }
}

extension ProbeReport: Encodable {
    private enum CodingKeys: String, CodingKey {
        case passed, failed, complete, unreachable, unprobed, causes, duration, results
    }

    /// A cause, and how many probes failed for it.
    private struct Cause: Encodable {
        var cause: FailureCause
        var probes: Int
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(passed, forKey: .passed)
        try container.encode(failed, forKey: .failed)
        try container.encode(complete, forKey: .complete)
        try container.encodeIfPresent(unreachable, forKey: .unreachable)
        try container.encodeIfPresent(unprobed, forKey: .unprobed)
        let causes = failuresByCause.compactMap { group in
            group.cause.map { Cause(cause: $0, probes: group.results.count) }
        }
        if !causes.isEmpty { try container.encode(causes, forKey: .causes) }
        try container.encode(duration, forKey: .duration)
        try container.encode(results, forKey: .results)
    }
}

extension ProbeReport.Result: Encodable {
    private enum CodingKeys: String, CodingKey {
        case from, to, address, name, family, check, path, ok, rtt, ttl, expectedTTL, failure, cause
    }
}

extension ProbeReport.Group {
    fileprivate mutating func add(_ result: ProbeReport.Result) {
        total += 1
        if result.ok { passed += 1 }
        if let ttl = result.expectedTTL, !expectedTTLs.contains(ttl) { expectedTTLs = (expectedTTLs + [ttl]).sorted() }
        if let rtt = result.rtt {
            roundTrips = roundTrips.map { min($0.lowerBound, rtt)...max($0.upperBound, rtt) } ?? rtt...rtt
        }
    }
}
