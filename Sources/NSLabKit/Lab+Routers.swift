import Engine
import ShowCommands

/// A `show` command of a switch: see `ShowCommands`.
public typealias ShowCommand = ShowCommands.ShowCommand
/// What a command that stands for none is: see `ShowCommands`.
public typealias ShowCommandError = ShowCommands.ShowCommandError
/// What a router answers: see `ShowCommands`.
public typealias ShowAnswer = ShowCommands.ShowAnswer

extension Lab {
    /// What a router answers to a `show` command, from what the kernel has there now.
    ///
    /// - Parameter router: its name, in any form that `nslab exec` takes.
    public func show(_ command: ShowCommand, on router: String) throws(NSLabError) -> ShowAnswer {
        try reportingErrors { ShowAnswer(command, try running.routerTables(of: router)) }
    }

    /// The whole name of a router.
    public func routerName(_ router: String) throws(NSLabError) -> String {
        try reportingErrors { try running.router(named: router).name }
    }

    /// The routers of the only running lab, for completion; empty where they cannot be read.
    public static func routerNames() -> [String] {
        guard let running = try? RunningLab() else { return [] }
        return running.journal.namespaces.filter { $0.kind == "router" }.map(\.name)
    }
}
