/// `docker`: machines of labs as containers.
struct Docker {
    let labs: LabDirectory

    /// The flags before the command, which say which daemon to ask.
    private static let global = FlagSet(
        switches: ["debug", "tls", "tlsverify"],
        values: ["config", "context", "host", "log-level", "tlscacert", "tlscert", "tlskey"],
        letters: ["D": "debug", "H": "host", "c": "context", "l": "log-level"], endsAtArgument: true)

    func answer(_ words: [String]) throws -> AppletAnswer {
        // What is no flag of docker's own is left to the real program.
        // What is no flag known here may be one of the real program's, which says so if it is not.
        guard let parsed = try? Self.global.parse(words, for: "docker"), let command = parsed.arguments.first else {
            return real(words)
        }
        let rest = Array(parsed.arguments.dropFirst())
        let next = rest.first ?? ""
        let after = Array(rest.dropFirst())
        switch command {
        case "exec": return try execute(rest, words)
        case "ps": return .text(try list(rest))
        case "inspect": return try inspect(rest, words)
        case "rm": return try remove(rest, words)
        case "images": return .text(try listImages(rest))
        case "pull": return try pull(rest)
        case "import": return try importImage(rest)
        case "container":
            switch next {
            case "exec": return try execute(after, words)
            case "ls", "list", "ps": return .text(try list(after))
            case "inspect": return try inspect(after, words)
            case "rm": return try remove(after, words)
            default: return real(words)
            }
        case "network":
            switch next {
            case "ls", "list": return .text(try listNetworks(after))
            case "inspect": return try inspectNetworks(after, words)
            default: return real(words)
            }
        case "image":
            switch next {
            case "inspect": return try inspectImages(after)
            case "ls", "list": return .text(try listImages(after))
            case "pull": return try pull(after)
            case "import": return try importImage(after)
            default: return real(words)
            }
        default: return real(words)
        }
    }

    /// The real docker, for what is no lab's.
    func real(_ words: [String], because reason: String? = nil) -> AppletAnswer {
        let command = words.prefix { !$0.hasPrefix("-") }.prefix(2).joined(separator: " ")
        return .program(
            words: words,
            lack: reason ?? "nslab does not answer docker \(command)".trimmed)
    }

    // MARK: exec

    private static let exec = FlagSet(
        switches: ["detach", "interactive", "privileged", "tty"],
        values: ["detach-keys", "env", "env-file", "user", "workdir"],
        letters: ["d": "detach", "i": "interactive", "t": "tty", "e": "env", "u": "user", "w": "workdir"],
        endsAtArgument: true)

    private func execute(_ rest: [String], _ words: [String]) throws -> AppletAnswer {
        let parsed = try Self.exec.parse(rest, for: "docker exec")
        guard parsed.arguments.count > 1, let name = parsed.arguments.first else {
            throw AppletError.usage("docker exec takes a container and a command: docker exec CONTAINER COMMAND")
        }
        guard let machine = try labs.machine(named: name) else {
            return real(words, because: "no running lab has a container \(name)")
        }
        if parsed.value("env-file") != nil {
            throw AppletError.usage("docker exec: --env-file is not read; give -e NAME=VALUE")
        }
        let user = parsed.value("user").map { $0.split(separator: ":").first.map(String.init) ?? "" }
        if let user, !["", "0", "root"].contains(user) {
            throw AppletError.usage("docker exec: commands of \(name) run as root, and not as \(user)")
        }
        let command = Array(parsed.arguments.dropFirst())
        if machine.isRouter, let console = try console(command) {
            return .console([machine.host] + console, lab: machine.lab)
        }
        var execution = Execution(
            machine,
            Self.words(command, in: parsed.value("workdir"), with: parsed.all("env"), environment: labs.environment),
            hasInput: parsed.has("interactive"))
        execution.isDetached = parsed.has("detach")
        return .execution(execution)
    }

    /// A command with its working directory and variables set.
    static func words(
        _ command: [String], in folder: String?, with variables: [String], environment: [String: String]
    ) -> [String] {
        // One without a value is the caller's own, if it has it.
        let set = variables.compactMap { variable in
            variable.contains("=") ? variable : environment[variable].map { "\(variable)=\($0)" }
        }
        var words = command
        if !set.isEmpty { words = ["env"] + set + words }
        if let folder { words = ["sh", "-c", "cd \"$0\" && exec \"$@\"", folder] + words }
        return words
    }

    /// The words of `nslab cli` for a switch's own command line: `Cli`, or `FastCli`.
    ///
    /// - Returns: nil for another program.
    private func console(_ command: [String]) throws(AppletError) -> [String]? {
        guard let program = command.first?.split(separator: "/").last, ["Cli", "FastCli"].contains(program) else {
            return nil
        }
        let parsed = try FlagSet(
            switches: ["disable-aaa", "disable-automore", "completion-disable"], values: ["c", "p"],
            letters: ["A": "disable-aaa", "M": "disable-automore", "c": "c", "p": "p"]
        ).parse(command.dropFirst(), for: "Cli")
        var words: [String] = []
        if let level = parsed.value("p") { words += ["-p", level] }
        // As in EOS, a command may have several lines; \n in the text stands for an end of line, too.
        for text in parsed.all("c") { words += ["-c", text.replacing("\\n", with: "\n")] }
        return words
    }

    // MARK: rm

    private func remove(_ rest: [String], _ words: [String]) throws -> AppletAnswer {
        let parsed = try FlagSet(
            switches: ["force", "link", "volumes"], letters: ["f": "force", "l": "link", "v": "volumes"]
        ).parse(rest, for: "docker rm")
        let all = try labs.machines()
        var found: [Machine] = []
        for name in parsed.arguments {
            if let machine = try labs.machine(named: name) { found.append(machine) }
        }
        guard !found.isEmpty else {
            return real(words, because: "no running lab has a container \(parsed.arguments.joined(separator: " "))")
        }
        for lab in Set(found.map(\.lab)).sorted() {
            let missing = all.filter { $0.lab == lab }.filter { machine in !found.contains(machine) }
            guard missing.isEmpty else {
                throw AppletError(
                    "docker rm: a lab's containers go together; \(missing.map(\.name).joined(separator: ", ")) of lab \(lab) would stay (nslab down \(lab) removes all)"
                )
            }
        }
        return .commands([["down", "-q"] + Set(found.map(\.lab)).sorted()], then: nil)
    }
}

extension String {
    /// Without blanks at its end.
    var trimmed: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
