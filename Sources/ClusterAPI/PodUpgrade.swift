import ClusterObjects

/// What a client wants its connection to become: a command's streams, or connections to a pod's ports.
struct PodUpgrade {
    var pod: ObjectStore.Name
    var purpose: Purpose
    /// The form in which it is spoken.
    var form: String

    enum Purpose {
        case exec(Exec)
        /// To these ports, where they are told beforehand; else each stream tells its own.
        case portForward([UInt16])
    }

    /// A command.
    struct Exec {
        var command: [String]
        var hasInput: Bool
        var isTerminal: Bool
        var streams: SPDYExec.Announced
    }

    /// What carries it.
    enum Transport {
        case webSocket
        case spdy
    }

    /// Reads what is wanted of a part of a pod.
    init(
        _ part: String, of pod: JSON, _ name: ObjectStore.Name, _ target: RequestTarget, _ transport: Transport,
        _ offered: [String]
    ) throws(Refusal) {
        self.pod = name
        let spoken: [String]
        switch part {
        case "exec":
            purpose = .exec(try Exec(target, of: pod))
            spoken = transport == .webSocket ? WebSocketExec.protocols : SPDYExec.protocols
        case "portforward":
            switch transport {
            case .webSocket: spoken = [WebSocketTunnel.prefix + PortForward.protocol, WebSocketPortForward.protocol]
            case .spdy: spoken = [PortForward.protocol]
            }
            let isTold = spoken.first(where: offered.contains) == WebSocketPortForward.protocol
            purpose = .portForward(isTold ? try Self.ports(target) : [])
        case "attach": throw .noAttach
        default: throw .noSuchPath
        }
        guard let form = spoken.first(where: offered.contains) else {
            throw Refusal(
                403, "Forbidden",
                "unable to upgrade: unable to negotiate protocol: client supports \(offered), server accepts \(spoken)")
        }
        self.form = form
    }

    /// The ports that a request names (`PodPortForwardOptions`), several at once with commas between.
    private static func ports(_ target: RequestTarget) throws(Refusal) -> [UInt16] {
        let words = target.all("ports").flatMap { $0.split(separator: ",") }
        guard !words.isEmpty else { throw .badRequest("query parameter \"ports\" is required") }
        guard words.count <= WebSocketPortForward.mostPorts else {
            throw .badRequest("more than \(WebSocketPortForward.mostPorts) ports")
        }
        var ports: [UInt16] = []
        for word in words {
            guard let port = UInt16(word), port > 0 else { throw .badRequest("unable to parse \"\(word)\" as a port") }
            ports.append(port)
        }
        return ports
    }
}

extension PodUpgrade.Exec {
    fileprivate init(_ target: RequestTarget, of pod: JSON) throws(Refusal) {
        if let container = target["container"], !container.isEmpty,
            !pod["spec"]["containers"].items.contains(where: { $0["name"].text == container })
        {
            throw .badRequest("container \(container) is not valid for pod \(pod["metadata"]["name"].text ?? "")")
        }
        command = target.all("command")
        guard command.first?.isEmpty == false else {
            throw .badRequest("you must specify at least 1 command for the container")
        }
        hasInput = target.isTrue("stdin")
        isTerminal = target.isTrue("tty")
        streams = SPDYExec.Announced(target)
    }
}
