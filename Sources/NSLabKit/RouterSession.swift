import Addresses
import Engine
import ShowCommands

/// A line that was typed, with what its answer passes: see `ShowCommands`.
public typealias PipedLine = ShowCommands.PipedLine

/// A conversation with a router as with a switch: what is typed, in which mode, and what it comes to.
///
/// It does no input or output, and runs no program: whoever holds it does.
public struct RouterSession {
    public private(set) var lab: Lab
    /// The router's name in the lab.
    public let router: String
    /// What the router calls itself.
    public private(set) var hostname: String
    /// 1, or 15 after `enable`.
    public private(set) var privilege: Int
    /// The part of the configuration that lines change; nil where they are no configuration.
    public private(set) var mode: ConfigurationMode?
    /// What was typed, the oldest first.
    public private(set) var history: [String] = []
    /// How many columns a line has, where that was said.
    public private(set) var width: Int?
    /// How many lines a page has, where that was said; 0 for all.
    public private(set) var length: Int?

    /// The most lines that are kept of what was typed.
    private static let longestHistory = 1000

    /// What a line comes to.
    public enum Response {
        /// What is shown.
        case text(String)
        /// What is shown, a page at a time where somebody reads along.
        case pages(String)
        /// What is shown, for something that was not done.
        case failure(String)
        /// What a shell command on the router is to be given.
        case shell(input: String, command: String)
        /// A program to run on the router.
        case program([String])
        /// The conversation is over.
        case end
    }

    /// A conversation with a router of a lab.
    ///
    /// - Parameter router: its name, in any form that `nslab exec` takes.
    public init(with router: String, in lab: Lab, privilege: Int = 1) throws(NSLabError) {
        self.lab = lab
        self.router = try lab.routerName(router)
        self.privilege = privilege
        hostname = try lab.hostname(of: self.router)
    }

    /// What stands before a line that is typed: `ceos>`, `ceos#`, `ceos(config-if-Et1)#`.
    public var prompt: String { hostname + (mode?.prompt ?? "") + (privilege < 15 ? ">" : "#") }

    private var grammar: Grammar { mode.map { Grammar.configuration($0) } ?? .exec }

    // MARK: Help

    /// What may come next at the end of what has been typed.
    public func suggestions(for line: String) -> [Suggestion] {
        if let bar = line.lastIndex(of: "|") {
            let typed = line[line.index(after: bar)...].drop(while: \.isWhitespace)
            return typed.contains(where: \.isWhitespace) ? [] : PipedLine.suggestions(for: typed)
        }
        let suggestions = grammar.suggestions(for: Self.plain(line), privilege: privilege)
        // Whatever shows something can be filtered.
        guard suggestions.last?.word == "<cr>",
            case .show? = try? grammar.command(Self.plain(line), privilege: privilege)
        else { return suggestions }
        return suggestions.dropLast() + [Suggestion.bar] + suggestions.suffix(1)
    }

    /// What completes the last word of what has been typed; nil where there is no one way.
    public func completion(of line: String) -> String? {
        guard line.last?.isWhitespace == false else { return nil }
        let fitting = suggestions(for: line).filter(\.isLiteral)
        return fitting.count == 1 ? fitting[0].word + " " : nil
    }

    /// A line without `do` before it, with which EOS takes what is no configuration.
    private static func plain(_ line: String) -> String {
        let trimmed = line.drop(while: \.isWhitespace)
        return trimmed.hasPrefix("do ") ? String(trimmed.dropFirst(3)) : String(trimmed)
    }

    // MARK: Lines

    /// Out of all modes of configuration, as by Ctrl-Z.
    public mutating func leaveConfiguration() { mode = nil }

    /// One mode up, as by Ctrl-D on an empty line.
    ///
    /// - Returns: whether that ends the conversation.
    public mutating func leave() -> Bool {
        switch mode {
        case nil: return true
        case .global?: mode = nil
        case .interfaces?, .vlans?: mode = .global
        }
        return false
    }

    /// Does what a line says.
    ///
    /// - Throws: `NSLabError` where the lab or the kernel does not do it; what is wrong with the line itself is a response.
    public mutating func respond(to line: String) throws(NSLabError) -> Response {
        let text = Self.plain(line)
        // A comment, as configurations have them.
        if text.isEmpty || text.hasPrefix("!") { return .text("") }
        history.append(line)
        if history.count > Self.longestHistory { history.removeFirst() }
        let (piped, command): (PipedLine, Command)
        do throws(CommandError) {
            // What a shell is given is all its own.
            if case .run(.bash(_?))? = try? grammar.command(text, privilege: privilege) {
                piped = PipedLine(whole: text)
            } else {
                piped = try PipedLine(text)
            }
            command = try grammar.command(piped.command, privilege: privilege)
            guard command.canBePassedOn || !piped.isPassedOn else { throw CommandError(text, .unknown) }
        } catch {
            return .failure(error.short + "\n")
        }
        return try respond(to: command, piped)
    }

    private mutating func respond(to command: Command, _ piped: PipedLine) throws(NSLabError) -> Response {
        switch command {
        case .show(let command):
            let answer = try lab.show(command, on: router)
            guard piped.asksForDocument else { return Self.passed(answer.text, piped) }
            guard let document = answer.json else {
                return .failure(CommandError(piped.command, .notConvertible).short + "\n")
            }
            return Self.passed(document.text, piped)
        case .history: return Self.passed(history.map { "  \($0)\n" }.joined(), piped)
        case .enable: privilege = 15
        case .disable: privilege = 1
        case .exit: return leave() ? .end : .text("")
        case .end: mode = nil
        case .logout: return .end
        case .configure: mode = .global
        case .terminal(.length(let lines)):
            length = lines
            return .text(lines == 0 ? "Pagination disabled.\n" : "Pagination set to \(lines) lines.\n")
        case .terminal(.width(let columns)):
            width = columns
            return .text("Width set to \(columns) columns.\n")
        case .run(let program): return .program(try arguments(of: program))
        case .answered(let text): return .text(text)
        case .refused(let text): return .failure(text + "\n")
        case .change(let change): return try make(change)
        }
        return .text("")
    }

    private func arguments(of program: Command.Program) throws(NSLabError) -> [String] {
        let isIPv6 =
            switch program {
            case .ping(let ping): ping.isIPv6
            case .traceroute(let host, let isIPv6, _): isIPv6 || host.contains(":")
            case .telnet, .bash: false
            }
        return try program.arguments { name throws(NSLabError) in
            try lab.sourceAddress(name, isIPv6 ? .ipv6 : .ipv4, on: router)
        }
    }

    private static func passed(_ text: String, _ piped: PipedLine) -> Response {
        let text = piped.filtered(text)
        if let command = piped.shellCommand { return .shell(input: text, command: command) }
        return piped.filters.contains(.noMore) ? .text(text) : .pages(text)
    }

    private mutating func make(_ change: Change) throws(NSLabError) -> Response {
        do {
            let note = try lab.configure(router, change, in: mode ?? .global)
            // What the lab should be is another thing now.
            if !change.onlyEnters { lab = try Lab.running(lab.name) }
            hostname = try lab.hostname(of: router)
            switch change {
            case .enterInterfaces(let names): mode = .interfaces(names)
            case .enterVLANs(let numbers): mode = .vlans(numbers)
            // A line of the router as a whole leads out of a part.
            case .removeVLANs, .hostname, .route, .removeRoutes, .routing, .removeInterfaces: mode = .global
            case .vlanName, .interface: break
            }
            return .text(note.map { "! \($0)\n" } ?? "")
        } catch  where error.category == .badInput {
            return .failure(error.description.split(separator: "\n").map { "% \($0)\n" }.joined())
        }
    }
}

extension Command {
    /// Whether it shows something that filters can be given.
    fileprivate var canBePassedOn: Bool {
        switch self {
        case .show, .history: true
        default: false
        }
    }
}

extension Change {
    /// Whether it changes nothing but the mode.
    fileprivate var onlyEnters: Bool { if case .enterInterfaces = self { true } else { false } }
}
