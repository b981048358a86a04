/// What the process that hears clients asks of the one that knows the lab: that something is done in a pod. It names a pod, words and
/// ports, and no path of the machine.
public enum PodRequest: Hashable, Sendable {
    case start(ProcessStart)
    /// Nobody waits for it any more: it is ended.
    case end(id: Int)
    /// A connection to a port of the pod's own loopback.
    case connect(id: Int, ObjectStore.Name, port: UInt16)
    /// What the pod has logged, and with `follows` what it will.
    case log(id: Int, ObjectStore.Name, follows: Bool)

    /// The longest message in bytes.
    public static let longest = 64 << 10

    public var json: JSON {
        switch self {
        case .start(let start):
            [
                "start": .integer(start.id), "namespace": .string(start.pod.namespace), "pod": .string(start.pod.name),
                "command": JSON(start.command), "stdin": .bool(start.hasInput), "terminal": .bool(start.isTerminal),
            ]
        case .end(let id): ["end": .integer(id)]
        case .connect(let id, let pod, let port):
            [
                "connect": .integer(id), "namespace": .string(pod.namespace), "pod": .string(pod.name),
                "port": .integer(Int(port)),
            ]
        case .log(let id, let pod, let follows):
            [
                "log": .integer(id), "namespace": .string(pod.namespace), "pod": .string(pod.name),
                "follow": .bool(follows),
            ]
        }
    }

    /// Reads a message; nil for one that makes no sense.
    public init?(_ bytes: [UInt8]) {
        // Where in it the sense is lost matters to nobody: both ends are this program.
        guard bytes.count <= Self.longest, let json = try? JSON(parsing: bytes) else { return nil }
        if let id = json["end"].integer {
            self = .end(id: id)
            return
        }
        guard let namespace = json["namespace"].text, let name = json["pod"].text else { return nil }
        let pod = ObjectStore.Name(namespace: namespace, name: name)
        if let id = json["connect"].integer {
            guard let port = json["port"].integer.flatMap({ UInt16(exactly: $0) }), port > 0 else { return nil }
            self = .connect(id: id, pod, port: port)
            return
        }
        if let id = json["log"].integer {
            self = .log(id: id, pod, follows: json["follow"].isTrue)
            return
        }
        guard let id = json["start"].integer, case .array(let items) = json["command"] else { return nil }
        let command = items.compactMap(\.text)
        guard command.count == items.count, let first = command.first, !first.isEmpty,
            command.allSatisfy({ !$0.utf8.contains(0) })
        else { return nil }
        self = .start(
            ProcessStart(
                id: id, pod: pod, command: command,
                hasInput: json["stdin"].isTrue, isTerminal: json["terminal"].isTrue))
    }
}

/// What is to run in a pod.
public struct ProcessStart: Hashable, Sendable {
    /// What it is called between the two processes.
    public var id: Int
    public var pod: ObjectStore.Name
    /// The program, looked up in PATH, and its arguments.
    public var command: [String]
    /// Whether it reads what the client sends.
    public var hasInput: Bool
    /// Whether it has a terminal.
    public var isTerminal: Bool

    public init(id: Int, pod: ObjectStore.Name, command: [String], hasInput: Bool, isTerminal: Bool) {
        self.id = id
        self.pod = pod
        self.command = command
        self.hasInput = hasInput
        self.isTerminal = isTerminal
    }
}

/// What is answered.
public enum PodAnswer: Hashable, Sendable {
    /// It runs. With it come descriptors: of a terminal the one of its other end; else the end of a pipe to its standard input, if it
    /// has one, and those of its standard output and standard error.
    case started(id: Int)
    /// A connection or a log is there: its descriptor comes with it.
    case opened(id: Int)
    /// It is not done: the sentence says why.
    case refused(id: Int, String)
    /// It has ended, with this exit status, as a shell tells it.
    case ended(id: Int, status: Int)

    public var json: JSON {
        switch self {
        case .started(let id): ["started": .integer(id)]
        case .opened(let id): ["opened": .integer(id)]
        case .refused(let id, let reason): ["refused": .integer(id), "reason": .string(reason)]
        case .ended(let id, let status): ["ended": .integer(id), "status": .integer(status)]
        }
    }

    /// Reads a message; nil for one that makes no sense.
    public init?(_ bytes: [UInt8]) {
        // Where in it the sense is lost matters to nobody: both ends are this program.
        guard bytes.count <= PodRequest.longest, let json = try? JSON(parsing: bytes) else { return nil }
        if let id = json["started"].integer {
            self = .started(id: id)
        } else if let id = json["opened"].integer {
            self = .opened(id: id)
        } else if let id = json["refused"].integer, let reason = json["reason"].text {
            self = .refused(id: id, reason)
        } else if let id = json["ended"].integer, let status = json["status"].integer {
            self = .ended(id: id, status: status)
        } else {
            return nil
        }
    }
}
