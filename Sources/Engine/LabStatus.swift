import Blueprint
import NetworkNamespaces

/// A lab at a glance.
public struct LabStatus: Sendable {
    public var lab: String
    public var source: String
    public var state: State
    /// How many of its namespaces are pinned.
    public var namespaces: Int

    /// How a lab is.
    public enum State: String, Sendable {
        /// All of its namespaces are there.
        case running
        /// It was being built when nslab was ended; `up` builds it anew, `down` removes it.
        case incomplete
        /// A newer nslab made it; `down` removes it.
        case newer
        /// Namespaces are gone, or its state cannot be read.
        case damaged
    }
}

extension LabStatus {
    init(_ journal: Journal) {
        let pinned = journal.namespaces.count { NamedNamespaces.identity($0.pin) != nil }
        self.init(
            lab: journal.lab, source: journal.source,
            state: !journal.isComplete ? .incomplete : pinned == journal.namespaces.count ? .running : .damaged,
            namespaces: pinned)
    }
}
