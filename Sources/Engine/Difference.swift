import NetworkObjects

/// Something about a lab that is not as its blueprint says.
public struct Difference: Hashable, Sendable {
    /// The namespace that it is in, by the name that people use; nil for something of the lab as a whole.
    public var namespace: String?
    /// What sort of object it is: `link`, `route`, `sysctl`, `table`, `namespace`, `process`, `file`, …
    public var kind: String
    /// The object in the words of the tool that shows it: as it should be, or, for one that is too much, as it is.
    public var object: String
    /// What is wrong with it.
    public var finding: Finding
    /// What an attribute's name is enough after: a link's, and nothing for the namespace; nil where the whole object has to be told.
    private var place: String?
    /// The object as it should be, and as it is; nil where there is none, and for what is no object of a namespace.
    private var objects: Objects?

    private struct Objects: Hashable, Sendable {
        var wanted: KernelObject?
        var found: KernelObject?
    }
    /// Where the command was written that made it what it should be; nil for what the topology says.
    public var origin: String?

    /// What can be wrong with an object.
    public enum Finding: Hashable, Sendable {
        /// It should be there and is not.
        case missing
        /// Nobody asked for it, and it stands where the lab says what should be, or changes what the lab's objects do.
        case extra
        /// Nobody asked for it, and it is beside what the lab consists of: a user added it.
        case added
        /// It is there, and not as it should be.
        case different([AttributeDifference])
    }

    init(_ namespace: String?, _ kind: String, _ object: String, _ finding: Finding) {
        self.namespace = namespace
        self.kind = kind
        self.object = object
        self.finding = finding
    }

    /// A difference of one object of a namespace.
    ///
    /// - Parameter origin: where the command was written that made the object what it should be.
    init(_ namespace: String, _ finding: ObjectFinding, isUsers: Bool, origin: String? = nil) {
        let object: KernelObject
        switch finding {
        case .missing(let wanted): (object, self.finding) = (wanted, .missing)
        case .different(let wanted, _, let attributes): (object, self.finding) = (wanted, .different(attributes))
        case .extra(let found): (object, self.finding) = (found, isUsers ? .added : .extra)
        }
        objects =
            switch finding {
            case .missing(let wanted): Objects(wanted: wanted, found: nil)
            case .different(let wanted, let found, _): Objects(wanted: wanted, found: found)
            case .extra(let found): Objects(wanted: nil, found: found)
            }
        self.namespace = namespace
        kind = object.kindName
        self.object = "\(object)"
        if case .extra = finding { return }
        self.origin = origin
        switch object.value {
        case is Sysctl, is LinkAttribute, is DriverSetting: place = object.link.map { "\($0): " } ?? ""
        default: break
        }
    }
}

extension Difference {
    /// The commands that would make of what should be there what is there.
    ///
    /// - Parameter undoing: whether those are asked for that do the opposite.
    public func commands(undoing: Bool) -> [String] {
        guard let objects else { return ["# \(self)"] }
        var attributes: [AttributeDifference] = []
        if case .different(let all) = finding { attributes = all }
        if undoing { return ChangeCommands(from: objects.found, to: objects.wanted, attributes).lines }
        return ChangeCommands(
            from: objects.wanted, to: objects.found,
            attributes.map { AttributeDifference($0.name, wanted: $0.found, found: $0.wanted) }
        ).lines
    }
}

extension Difference: CustomStringConvertible {
    /// One line.
    public var description: String {
        let start = namespace.map { "\($0): " } ?? ""
        let what = "\(start)\(kind) \(object)"
        switch finding {
        case .missing: return "\(what): missing" + madeBy
        case .extra: return "\(what): extra"
        case .added: return "\(what): added"
        case .different(let attributes):
            return (place.map { "\(start)\($0)" } ?? "\(what): ")
                + attributes.map { "\($0.name): want \($0.wanted ?? "none"), found \($0.found ?? "none")" }
                .joined(separator: "; ") + madeBy
        }
    }

    private var madeBy: String { origin.map { " (made by exec, \($0))" } ?? "" }
}

/// What a comparison says of one object.
enum ObjectFinding: Hashable, Sendable {
    case missing(KernelObject)
    case different(KernelObject, found: KernelObject, [AttributeDifference])
    case extra(KernelObject)

    /// The object as it should be, or, for one that is too much, as it is.
    var object: KernelObject {
        switch self {
        case .missing(let object), .different(let object, _, _), .extra(let object): object
        }
    }

    /// Whether it is an object more, which a routing daemon or a DHCP client has installed as it learned.
    var isLearnedByDaemon: Bool { if case .extra(let object) = self { object.isOfDaemon } else { false } }

    /// Compares objects of any kinds: those that should be there, in the order they are made, then those that are too much.
    static func compare(_ wanted: [KernelObject], with found: [KernelObject]) -> [ObjectFinding] {
        var held = Dictionary(grouping: found, by: \.identity)
        var findings: [ObjectFinding] = []
        for object in wanted {
            let identity = object.identity
            guard let candidates = held[identity], let first = candidates.first else {
                findings.append(.missing(object))
                continue
            }
            if candidates.count == 1, first == object {
                held[identity] = nil
                continue
            }
            // Where the kernel has several, the one that is as it should be is the one.
            let differences = object.differences(from: first)
            let same =
                differences.isEmpty ? first : candidates.dropFirst().first { object.differences(from: $0).isEmpty }
            if same == nil { findings.append(.different(object, found: first, differences)) }
            held[identity] = candidates.filter { $0 != same ?? first }
        }
        for object in found where held[object.identity]?.contains(object) == true { findings.append(.extra(object)) }
        return findings
    }
}
