import Applets
import ArgumentParser
import Glibc
import NSLabKit
import System

/// This program under another tool's name: see `Applets`.
enum AppletProgram {
    /// The first argument of `nslab` where it is to be another tool; its name and words follow.
    static let command = "applet"

    /// The applet that the program was started as, and its words; nil for nslab itself.
    static func called(_ arguments: [String]) -> (Applet, [String])? {
        if let applet = Applet(called: arguments.first ?? "") { return (applet, Array(arguments.dropFirst())) }
        guard arguments.count > 2, arguments[1] == command, let applet = Applet(rawValue: arguments[2]) else {
            return nil
        }
        return (applet, Array(arguments.dropFirst(3)))
    }

    /// Does what was asked for.
    ///
    /// - Throws: what a command of nslab's may throw.
    static func run(_ applet: Applet, _ words: [String]) throws {
        do {
            let labs = Lab.directory(for: applet.rawValue, environment: environment)
            try perform(try applet.answer(words, labs), of: applet)
        } catch let error as AppletError {
            Console.error("\(error)")
            throw ExitCode(error.status)
        } catch let error as NSLabError where error.category == .notPermitted && geteuid() != 0 {
            try becomeWithRoot(applet, words)
            throw error
        }
    }

    private static var environment: [String: String] {
        Dictionary(
            Spawn.ownEnvironment.compactMap { variable in
                variable.firstIndex(of: "=").map {
                    (String(variable[..<$0]), String(variable[variable.index(after: $0)...]))
                }
            }, uniquingKeysWith: { first, _ in first })
    }

    private static func perform(_ answer: AppletAnswer, of applet: Applet) throws {
        switch answer {
        case .text(let text): try Console.output(text)
        case .commands(let commands, let next):
            for words in commands { try runOwn(words) }
            if let next { try run(applet, next) }
        case .console(let words, let lab): try runOwn(["cli"] + words + ["--lab", lab])
        case .execution(let execution): try execute(execution, for: applet)
        case .executions(let executions): try executeAll(executions)
        case .file(let path, let content): try write(content, to: path)
        case .program(let words, let lack): try become(applet, words, lack)
        }
    }

    /// Runs a command of nslab's own.
    private static func runOwn(_ words: [String]) throws {
        var command = try NSLab.parseAsRoot(words)
        try command.run()
    }

    // MARK: Commands in hosts

    private static func execute(_ execution: Execution, for applet: Applet) throws {
        try Privilege.require(for: applet.rawValue, keepingAll: true)
        // A container's commands begin in its own root.
        chdir("/")
        if execution.isDetached {
            var spawn = Spawn(words(of: execution), executable: "/proc/self/exe")
            (spawn.standardInput, spawn.standardOutput, spawn.standardError) = (.null, .null, .null)
            spawn.leadership = .session
            _ = try spawn.start()
            return
        }
        if !execution.hasInput, let null = try? FileDescriptor(opening: "/dev/null", O_RDONLY) {
            // Where there is no /dev/null, it reads what there is.
            dup2(null.number, STDIN_FILENO)
        }
        try Lab.running(execution.lab).become(
            execution.words, in: execution.host,
            waiting: { Console.diagnose("another nslab command works on lab \($0); waiting for it\n") },
            warn: Console.warn)
    }

    /// The words by which nslab runs a command in a host.
    private static func words(of execution: Execution) -> [String] {
        ["nslab", "exec", "--lab", execution.lab, execution.host, "--"] + execution.words
    }

    /// Runs commands one after the other, each with a line before that says where.
    private static func executeAll(_ executions: [Execution]) throws {
        try Privilege.require(for: "containerlab exec", keepingAll: true)
        chdir("/")
        var last: Int32 = 0
        for execution in executions {
            Console.diagnose(
                "Executed command \"\(execution.words.last ?? "")\" on the node \"\(execution.name)\". stdout:\n")
            var spawn = Spawn(words(of: execution), executable: "/proc/self/exe")
            spawn.standardInput = .null
            let status = try spawn.start().wait()
            if status.shellStatus != 0 { last = status.shellStatus }
        }
        if last != 0 { throw ExitCode(last) }
    }

    private static func write(_ content: String, to path: String) throws {
        var folder = ""
        for part in path.split(separator: "/").dropLast() {
            folder += folder.isEmpty ? "\(part)" : "/\(part)"
            mkdir(folder, 0o755)
        }
        do throws(SystemCallError) {
            try FileDescriptor.replace(path, with: Array(content.utf8), mode: 0o644)
        } catch {
            throw NSLabError("\(error)", .refused)
        }
        Console.diagnose("\(path)\n")
    }

    // MARK: Other programs

    /// Becomes the real program; where there is none, says so.
    private static func become(_ applet: Applet, _ words: [String], _ lack: String) throws {
        if let path = RealProgram.path(of: applet.rawValue) {
            try execute(path, [applet.rawValue] + words)
        }
        if applet == .sudo, geteuid() == 0,
            let command = SudoWords(Array(CommandLine.arguments.dropFirst())).bareCommand
        {
            try execute("/usr/bin/env", ["env"] + command.dropFirst())
        }
        Console.error("\(lack); no other \(applet.rawValue) is in PATH")
        throw ExitCode(ExitStatus.commandNotFound.rawValue)
    }

    /// Becomes this applet with root's rights, by sudo(8); returns where there is none.
    private static func becomeWithRoot(_ applet: Applet, _ words: [String]) throws {
        guard let sudo = RealProgram.path(of: "sudo"), let own = FileDescriptor.linkTarget("/proc/self/exe") else {
            return
        }
        let kept = ["KUBECONFIG", "NSLAB_LAB", "KIND_CLUSTER_NAME"].compactMap { name in
            environment[name].map { "\(name)=\($0)" }
        }
        try execute(sudo, ["sudo", "--", "env"] + kept + [own, command, applet.rawValue] + words)
    }

    /// Becomes a program.
    static func execute(_ path: String, _ words: [String]) throws -> Never {
        let arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        execv(path, arguments)
        throw NSLabError("\(SystemCallError("execve", path))", .commandNotExecutable)
    }
}
