/// What a client wants of a pod's log (core/v1, `PodLogOptions`).
public struct LogQuery: Hashable, Sendable {
    public let pod: ObjectStore.Name
    /// Whether what will be logged is wanted, too.
    public let follows: Bool
    /// How many of the last lines are wanted; nil for all.
    let tail: Int?
    /// From when on, in nanoseconds since 1970 began.
    let since: Int
    /// Whether each line begins with its time.
    let hasTimestamps: Bool
    /// How many bytes are wanted at most; nil for all.
    let limit: Int?
    /// Which lines are the container's.
    let lines: Lines

    enum Lines: Hashable, Sendable {
        case all
        /// Those about these ports.
        case of(Set<UInt16>)
        /// Those about ports that no other container has.
        case except(Set<UInt16>)
    }

    /// Reads what is asked for.
    ///
    /// - Parameter now: what times are counted back from.
    init(_ target: RequestTarget, pod: JSON, at now: Timestamp) throws(Refusal) {
        let name = pod["metadata"]["name"].text ?? ""
        self.pod = ObjectStore.Name(namespace: pod["metadata"]["namespace"].text ?? "", name: name)
        let container = try Self.container(target["container"] ?? "", of: pod, name)
        if target.isTrue("previous") {
            throw .badRequest("previous terminated container \"\(container)\" in pod \"\(name)\" not found")
        }
        guard pod["spec"]["nodeName"].text != nil else {
            throw .badRequest("pod \(name) does not have a host assigned")
        }
        let statuses = pod["status"]["containerStatuses"].items
        let state = statuses.first { $0["name"].text == container }?["state"]
        if let reason = state?["waiting"]["reason"].text {
            throw .badRequest("container \"\(container)\" in pod \"\(name)\" is waiting to start: \(reason)")
        }
        lines = Self.lines(of: container, in: pod)
        follows = target.isTrue("follow")
        hasTimestamps = target.isTrue("timestamps")
        func number(_ field: String, atLeast least: Int) throws(Refusal) -> Int? {
            guard let text = target[field], !text.isEmpty else { return nil }
            guard let number = Int(text) else { throw .badRequest("\(field): \"\(text)\" is no number") }
            guard number >= least else { throw .invalidLogOptions(name, field, text, "must be \(least) or greater") }
            return number
        }
        tail = try number("tailLines", atLeast: 0)
        limit = try number("limitBytes", atLeast: 1)
        let seconds = try number("sinceSeconds", atLeast: 1)
        let time = target["sinceTime"].flatMap { $0.isEmpty ? nil : $0 }
        if seconds != nil, time != nil {
            throw .invalidLogOptions(name, "", "", "at most one of `sinceTime` or `sinceSeconds` may be specified")
        }
        if let time {
            guard let stamp = Timestamp(time) else { throw .badRequest("sinceTime: \"\(time)\" is no time") }
            since = Self.nanoseconds(stamp.seconds)
        } else {
            since = seconds.map { Self.nanoseconds(now.seconds - min($0, now.seconds)) } ?? 0
        }
    }

    private static func nanoseconds(_ seconds: Int) -> Int {
        let (product, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflows ? (seconds < 0 ? 0 : .max) : product
    }

    /// The container that is meant, which a pod of several has to be asked for by its name.
    private static func container(_ wanted: String, of pod: JSON, _ name: String) throws(Refusal) -> String {
        let containers = pod["spec"]["containers"].items.compactMap { $0["name"].text }
        let first = pod["spec"]["initContainers"].items.compactMap { $0["name"].text }
        if wanted.isEmpty {
            if containers.count == 1 { return containers[0] }
            let others = first.isEmpty ? "" : " or one of the init containers: [\(first.joined(separator: " "))]"
            throw .badRequest(
                "a container name must be specified for pod \(name), choose one of: "
                    + "[\(containers.joined(separator: " "))]" + others)
        }
        guard (containers + first).contains(wanted) else {
            throw .badRequest("container \(wanted) is not valid for pod \(name)")
        }
        return wanted
    }

    /// What answers at a port is of the container that names it; at a port that none names, of the first one.
    private static func lines(of container: String, in pod: JSON) -> Lines {
        let containers = pod["spec"]["containers"].items
        func ports(_ container: JSON) -> [UInt16] {
            container["ports"].items.compactMap { $0["containerPort"].integer.flatMap { UInt16(exactly: $0) } }
        }
        guard let index = containers.firstIndex(where: { $0["name"].text == container }) else { return .of([]) }
        if containers.count == 1 { return .all }
        if index > 0 { return .of(Set(ports(containers[index]))) }
        return .except(Set(containers.dropFirst().flatMap(ports)))
    }
}

extension Refusal {
    fileprivate static func invalidLogOptions(
        _ pod: String, _ field: String, _ value: String, _ message: String
    ) -> Refusal {
        let words = field.isEmpty ? "Forbidden: \(message)" : "\(field): Invalid value: \(value): \(message)"
        return Refusal(422, "Invalid", "PodLogOptions \"\(pod)\" is invalid: \(words)")
    }
}
