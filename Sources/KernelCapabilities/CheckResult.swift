/// One thing that was looked at.
public struct CheckResult: Hashable, Sendable {
    /// What it belongs to.
    public var group: Group
    public var name: String
    public var state: State
    /// What was seen.
    public var found: String
    /// What follows where it is not as it should be; nil where it is.
    public var consequence: String?
    /// What to do about it; nil where there is nothing to do.
    public var remedy: String?

    /// A thing that is as it should be, or that only has to be known.
    public init(_ group: Group, _ name: String, _ found: String) {
        self.group = group
        self.name = name
        state = .ok
        self.found = found
    }

    /// A thing that is not as it should be.
    public init(_ group: Group, _ name: String, _ state: State, _ found: String, consequence: String, remedy: String?) {
        self.group = group
        self.name = name
        self.state = state
        self.found = found
        self.consequence = consequence
        self.remedy = remedy
    }

    /// What results belong to.
    public enum Group: String, Hashable, Sendable, CaseIterable {
        case privileges, kernel, limits, host
    }

    /// The state of what was checked.
    public enum State: String, Hashable, Sendable {
        case ok
        /// Nothing that nslab needs.
        case note
        /// The lab works without it, but not as well, or not in every case.
        case warning
        /// The lab that was asked about cannot be built, or does not work.
        case failed
    }

    /// The finding in a sentence: what is seen, what follows, what to do.
    public var sentence: String {
        ["\(name): \(found)", consequence, remedy].compactMap { $0 }.joined(separator: "; ")
    }
}
