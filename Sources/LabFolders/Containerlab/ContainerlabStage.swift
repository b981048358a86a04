/// What a containerlab node goes through, in this order (containerlab.dev, "Nodes", "stages").
enum ContainerlabStage: String, CaseIterable, Sendable {
    case create
    case createLinks = "create-links"
    case configure
    case healthy
    case exit

    /// A place in a node's deployment at which lines of it run (`scheduleNodeWorkerF` in core/clab.go).
    enum Moment: Int, Comparable, Sendable {
        case create, createLinks, configure
        /// The node's own `exec`, which runs between the stages configure and healthy.
        case exec
        case healthy, exit

        static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
    }

    var moment: Moment {
        switch self {
        case .create: .create
        case .createLinks: .createLinks
        case .configure: .configure
        case .healthy: .healthy
        case .exit: .exit
        }
    }
}

extension ContainerlabTopology {
    /// A line that runs inside a node.
    struct ExecLine: Sendable {
        var text: Located<String>
        var moment: ContainerlabStage.Moment = .exec
    }

    /// A stage that a node enters once another has finished one of its own (`wait-for`).
    struct Wait: Sendable {
        var stage: ContainerlabStage
        var other: String
        var finished: ContainerlabStage
        var place: SourceLine
    }
}

extension ContainerlabTopology.Node {
    /// Reads the stages that a node, its group, its kind or the defaults have, the farthest first.
    mutating func readStages(_ sources: [Field], _ diagnostics: inout Diagnostics) {
        for source in sources {
            for (key, _) in source["stages"].map(&diagnostics) where ContainerlabStage(rawValue: key) == nil {
                warnOfStage(key, at: source["stages"], &diagnostics)
            }
        }
        var before: [ContainerlabTopology.ExecLine] = []
        var after: [ContainerlabTopology.ExecLine] = []
        for stage in ContainerlabStage.allCases {
            var entering: [ContainerlabTopology.ExecLine] = []
            var leaving: [ContainerlabTopology.ExecLine] = []
            for source in sources {
                let field = source["stages"][stage.rawValue]
                readWaits(field, of: stage, &diagnostics)
                for item in field["exec"].list(&diagnostics) {
                    guard let line = stageLine(item, stage, &diagnostics) else { continue }
                    if line.isOnExit { leaving.append(line.line) } else { entering.append(line.line) }
                }
            }
            if stage.moment < .exec { before += entering + leaving } else { after += entering + leaving }
        }
        exec = before + exec + after
    }

    private func stageLine(
        _ item: Field, _ stage: ContainerlabStage, _ diagnostics: inout Diagnostics
    ) -> (line: ContainerlabTopology.ExecLine, isOnExit: Bool)? {
        guard let command = item["command"].text(&diagnostics) else {
            diagnostics.warn(
                item, "a stage's exec has a command, such as { command: ls /sys/class/net }; it is left out")
            return nil
        }
        let target = item["target"].text(&diagnostics) ?? "container"
        let phase = item["phase"].text(&diagnostics) ?? "on-enter"
        let shown = "\(name): \(command.prefix(80))"
        switch target {
        case "container": break
        case "host":
            diagnostics.warn(
                item,
                "\(shown): it would run on the machine itself (target: host), which nslab leaves as it is; it is left out"
            )
            return nil
        default:
            diagnostics.warn(
                item, "\(shown): \"\(target)\" is no target; a command's is container or host; it is left out")
            return nil
        }
        guard phase == "on-enter" || phase == "on-exit" else {
            diagnostics.warn(
                item, "\(shown): \"\(phase)\" is no phase; a command's is on-enter or on-exit; it is left out")
            return nil
        }
        if stage == .create, phase == "on-enter" {
            diagnostics.warn(
                item,
                "\(shown): there is no container yet when a node enters stage create, so containerlab cannot run it; it is left out"
            )
            return nil
        }
        if stage == .exit {
            diagnostics.warn(
                item, "\(shown): a host of a lab runs until the lab is gone and has no stage exit; it is left out")
            return nil
        }
        let line = ContainerlabTopology.ExecLine(
            text: Located(command, at: item["command"].place), moment: stage.moment)
        return (line, phase == "on-exit")
    }

    private mutating func readWaits(_ field: Field, of stage: ContainerlabStage, _ diagnostics: inout Diagnostics) {
        for item in field["wait-for"].list(&diagnostics) {
            guard let other = item["node"].text(&diagnostics), waits.count < Self.maximumWaits else { continue }
            // containerlab takes create for one that is not said (`WaitFor` in types/stages.go has no default; its docs do).
            let written = item["stage"].text(&diagnostics) ?? ContainerlabStage.create.rawValue
            guard let finished = ContainerlabStage(rawValue: written) else {
                warnOfStage(written, at: item, &diagnostics)
                continue
            }
            let isThere = waits.contains { $0.stage == stage && $0.other == other && $0.finished == finished }
            if isThere { continue }
            waits.append(ContainerlabTopology.Wait(stage: stage, other: other, finished: finished, place: item.place))
        }
    }

    private static let maximumWaits = 100

    private func warnOfStage(_ written: String, at field: Field, _ diagnostics: inout Diagnostics) {
        let names = ContainerlabStage.allCases.map(\.rawValue)
        diagnostics.warn(
            field, "\(name): \"\(written)\" is no stage; there are \(names.joined(separator: ", ")); it is left out")
    }
}
