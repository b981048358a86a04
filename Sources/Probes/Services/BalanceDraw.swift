import Blueprint

/// Asking a service again and again, to see which of its endpoints answer: all of them, or, with session affinity, one.
struct BalanceDraw {
    let check: ServiceMatrix.Check
    let isSticky: Bool
    private let source: Blueprint.Namespace
    /// Those that may answer.
    private let pods: Set<PodReference>
    private var seen: Set<PodReference> = []
    private var tries = 0
    /// The shortest round trip in seconds.
    private var best: Double?
    /// The first answer that was wrong, and why.
    private var wrong: (outcome: RequestRun.Outcome, fault: String)?

    init(_ check: ServiceMatrix.Check, from source: Blueprint.Namespace, isSticky: Bool) {
        self.check = check
        self.source = source
        self.isSticky = isSticky
        if case .page(let pods) = check.expectation { self.pods = pods } else { pods = [] }
    }

    /// Whether every one of the endpoints has to answer.
    private var isCounted: Bool { pods.count <= ServiceMatrix.countedEndpoints }

    /// The most tries there are.
    private var most: Int {
        isSticky ? 8 : isCounted ? check.tries(endpoints: pods.count) : 2 * ServiceMatrix.countedEndpoints
    }

    /// How many requests to make next; 0 once all is known.
    var batch: Int {
        guard wrong == nil, isSticky || seen.count < pods.count else { return 0 }
        return min(most - tries, isSticky ? most : 2 * (pods.count - seen.count) + 1)
    }

    /// Takes what came of such requests.
    ///
    /// - Parameter clients: which client a pod should have seen.
    mutating func take(_ outcomes: some Sequence<RequestRun.Outcome>, _ clients: ClientAddress) {
        for outcome in outcomes {
            tries += 1
            if wrong == nil, let fault = check.fault(in: outcome, source: source, clients) { wrong = (outcome, fault) }
            if let page = check.page(in: outcome) { seen.insert(page.pod) }
            if case .success(let reply) = outcome { best = min(best ?? reply.roundTrip, reply.roundTrip) }
        }
    }

    /// What came of all of them together, and what is wrong with it; nil if nothing is.
    var result: (outcome: RequestRun.Outcome, fault: String?) {
        if let wrong { return (wrong.outcome, wrong.fault) }
        let fault: String?
        if isSticky {
            fault = seen.count == 1 ? nil : "expected one endpoint for one client, \(seen.count) of them answered"
        } else if isCounted {
            let missing = pods.subtracting(seen).map(\.description).sorted().joined(separator: ", ")
            fault = missing.isEmpty ? nil : "expected every endpoint to answer, \(missing) did not in \(tries) tries"
        } else {
            // Of 128 draws among more than 64 endpoints, fewer than 16 different ones do not happen.
            fault = seen.count >= 16 ? nil : "expected many endpoints to answer, \(seen.count) did in \(tries) tries"
        }
        return (.success(RequestReply(bytes: [], roundTrip: best ?? 0)), fault)
    }
}
