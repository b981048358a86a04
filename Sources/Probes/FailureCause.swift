import NetworkObjects

/// What makes probes fail: one thing of a lab that is not as it should be, and that many probes may need.
public enum FailureCause: Hashable, Sendable {
    /// A namespace that cannot be looked into.
    case namespace(String, reason: String)
    /// A link that packets come in or leave by.
    case link(namespace: String, name: String, LinkFault)
    /// An address, a route, a neighbour, a forwarding entry or a setting that packets need.
    case object(namespace: String, kind: String, object: String, ObjectFault)
    /// A route that is not wanted takes packets away from the one that should have them.
    case stray(namespace: String, route: String, from: String)
    /// Where all is there, what frames go through as they leave by a link.
    case conditions(namespace: String, link: String, qdisc: String)
    /// The rules of a service (`NAMESPACE/NAME`) on the node of the one who asks.
    case rules(service: String, node: String)
    /// A table of rules that was added or changed, in verify's words, on a way on which all else is right.
    case table(namespace: String, difference: String)
    /// The kernel would take no more neighbours: those of all namespaces together, which this setting bounds.
    case neighbourTable(setting: String, limit: Int)
    /// The process that answers for the lab's pods has ended.
    case noServer
    /// What a packet that was followed died of, and what was found there, as a sentence that names the namespace.
    case traced(kind: String, sentence: String)
    /// The blueprint itself leads no further.
    case blueprint(namespace: String, reason: String)
    /// Nothing was found.
    case unknown

    /// What is wrong with a link.
    public enum LinkFault: Hashable, Sendable {
        case missing
        case down
        case different(wanted: String, found: String)
    }

    /// What is wrong with another object.
    public enum ObjectFault: Hashable, Sendable {
        case missing
        case different(found: String)
        /// A setting's values.
        case value(found: String, wanted: String)
    }
}

extension FailureCause: CustomStringConvertible, Encodable {
    public var description: String {
        switch self {
        case .namespace(let name, let reason): "\(name): it cannot be looked into (\(reason))"
        case .link(let namespace, let name, .missing): "link \(namespace):\(name) is missing"
        case .link(let namespace, let name, .down): "link \(namespace):\(name) is down"
        case .link(let namespace, _, .different(let wanted, let found)):
            "link \(namespace):\(wanted) is expected, found \(found)"
        case .object(let namespace, let kind, let object, .missing): "\(namespace): \(kind) \(object) is missing"
        case .object(let namespace, let kind, let object, .different(let found)):
            "\(namespace): \(kind) \(object) is expected, found \(found)"
        case .object(let namespace, let kind, let object, .value(let found, let wanted)):
            "\(namespace): \(kind) \(object) is \(found), expected \(wanted)"
        case .stray(let namespace, let route, let from):
            "\(namespace): route \(route) takes packets away from \(from)"
        case .conditions(let namespace, let link, let qdisc):
            "\(namespace): all is there, but what leaves by \(link) goes through \(qdisc)"
        case .rules(let service, let node): "the rules of \(service) differ on \(node) (nft table kube-proxy)"
        case .table(let namespace, let difference): "\(namespace): \(difference)"
        case .neighbourTable(let setting, let limit):
            "the kernel's neighbour table is full (\(setting) is \(limit), for all namespaces together); "
                + "sysctl -w \(setting)=\(limit * 4)"
        case .noServer: "the process that answers for the lab's pods has ended; `nslab up` starts it again"
        case .traced(let kind, let sentence): "\(kind): \(sentence)"
        case .blueprint(let namespace, let reason): "\(namespace): the blueprint itself leads no further (\(reason))"
        case .unknown:
            "every route, neighbour and FDB entry on the way is as it should be; look at rules (nft) and links"
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
