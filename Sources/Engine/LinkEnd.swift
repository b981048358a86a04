import Addresses
import Blueprint
import NetworkObjects
import Topology

/// A link of a running lab, as a user names it, `NAME:INTERFACE`.
public struct LinkEnd: Sendable {
    /// The namespace's entry in the journal.
    let entry: Journal.Entry
    /// The link's name there.
    let interface: InterfaceName
    /// The other end of its cable; nil for a link that has none in this lab.
    let other: VethPeer?

    /// The link with its namespace's whole name.
    public var endpoint: Endpoint { Endpoint(entry.name, interface.description) }
    /// The other end with its namespace's whole name.
    public var otherEndpoint: Endpoint? { other.map { Endpoint($0.namespace, $0.name.description) } }
}

/// What frames suffer in one direction of a link, as the kernel has it.
public struct ObservedConditions: Sendable {
    /// The end that the frames leave by.
    public var from: Endpoint
    /// The end where they arrive; nil where that is not one end of the lab.
    public var to: Endpoint?
    /// What does it.
    public var qdisc: Qdisc.Kind
}

/// The directions of a link, as seen from the end that was named.
public enum LinkDirection: String, Sendable, CaseIterable {
    /// Frames that leave by the end that was named.
    case out
    /// Frames that leave by the other end, towards this one.
    case `in`
    case both
}
