import Blueprint
import Engine
import NetworkObjects
import Topology

/// The directions of a link: see `Engine`.
public typealias LinkDirection = Engine.LinkDirection

/// What frames suffer in one direction of a link, read from the kernel.
public struct ConditionReport: Encodable, Sendable {
    /// The end that they leave by, `NAME:INTERFACE`.
    public var from: String
    /// The end where they arrive; absent where that is not one end of the lab.
    public var to: String?
    /// The queueing discipline that does it: `netem` or `tbf`, or another that someone installed.
    public var qdisc: String
    /// How long each frame takes, in seconds.
    public var delay: Double
    /// How far that varies to either side, in seconds.
    public var jitter: Double
    /// How many frames are lost, of one; likewise the three that follow.
    public var loss: Double
    public var duplicate: Double
    public var reorder: Double
    public var corrupt: Double
    /// Bits in a second; absent where there is no limit.
    public var rate: UInt64?
    /// The same in words, with the units of `nslab impair`.
    public var words: String

    /// `NAME:INTERFACE → NAME:INTERFACE: delay 20ms`.
    public var text: String { "\(from)\(to.map { " → \($0)" } ?? ""): \(words)" }

    init(_ observed: ObservedConditions) {
        let conditions = LinkConditions(observed.qdisc)
        let known = conditions ?? .none
        from = observed.from.description
        to = observed.to?.description
        qdisc = observed.qdisc.name
        delay = Double(known.delay) / 1e9
        jitter = Double(known.jitter) / 1e9
        loss = Double(known.loss) / 1e6
        duplicate = Double(known.duplicate) / 1e6
        reorder = Double(known.reorder) / 1e6
        corrupt = Double(known.corrupt) / 1e6
        rate = known.rate
        words = conditions?.description ?? "qdisc \(observed.qdisc)"
    }
}

/// A link and what frames suffer on it.
public struct LinkReport: Encodable, Sendable {
    public var lab: String
    /// The link, `NAME:INTERFACE` with the namespace's whole name.
    public var link: String
    /// The other end of its cable; absent for a link without one.
    public var otherEnd: String?
    /// The directions that were asked for and have conditions.
    public var conditions: [ConditionReport]
}

/// A link and whether it is up.
public struct LinkStateReport: Encodable, Sendable {
    public var lab: String
    public var link: String
    /// `up` or `down`.
    public var state: String
}

extension Lab {
    /// Has the frames of a link suffer these conditions and no others.
    ///
    /// - Parameters:
    ///   - link: `NAME:INTERFACE`, NAME in any form that `nslab exec` takes.
    ///   - conditions: `none` takes all away; nil changes nothing.
    ///   - direction: which frames, seen from the end that is named.
    ///   - waiting: called with the lab's name if another command works on it.
    /// - Returns: what the kernel then has.
    public func impair(
        _ link: String, _ conditions: LinkConditions?, _ direction: LinkDirection, waiting: (String) -> Void = { _ in }
    ) throws(NSLabError) -> LinkReport {
        try reportingErrors {
            if let contradiction = conditions?.contradictions.first {
                throw NSLabError("\(contradiction.field): \(contradiction.sentence)", .badInput)
            }
            let end = try running.link(named: link)
            let lab = name
            let observed =
                if let conditions {
                    try running.impair(end, conditions, direction) { waiting(lab) }
                } else {
                    try running.conditions(of: end, direction)
                }
            return LinkReport(
                lab: name, link: end.endpoint.description, otherEnd: end.otherEndpoint?.description,
                conditions: observed.map(ConditionReport.init))
        }
    }

    /// Sets a link up or down. What the kernel drops with a link that goes down is put back when it comes up.
    ///
    /// - Parameters: as for `impair`.
    public func setLink(
        _ link: String, isUp: Bool, waiting: (String) -> Void = { _ in }
    ) throws(NSLabError) -> LinkStateReport {
        try reportingErrors {
            let end = try running.link(named: link)
            let lab = name
            try running.setLink(end, isUp: isUp) { waiting(lab) }
            return LinkStateReport(lab: name, link: end.endpoint.description, state: isUp ? "up" : "down")
        }
    }

    /// The links of the only running lab's namespaces, for completion; empty where they cannot be read.
    public static func linkNames() -> [String] {
        guard let blueprint = (try? RunningLab())?.blueprint else { return [] }
        return blueprint.namespaces.flatMap { namespace in
            namespace.content.links.filter { $0.kind != .loopback }.map { "\(namespace.name):\($0.name)" }
        }
    }
}

extension Qdisc.Kind {
    /// The kernel's name for it.
    fileprivate var name: String {
        switch self {
        case .netem: "netem"
        case .tokenBucket: "tbf"
        case .other(let name): name
        }
    }
}
