/// What a line that stands for no command is.
public struct CommandError: Error, Hashable, CustomStringConvertible {
    /// What was typed.
    public var command: String
    /// What is wrong with it.
    public var problem: Problem
    /// The commands that it may have been meant to be; of an ambiguous word, the words that it may stand for.
    public var closest: [String]

    /// What is wrong with a command.
    public enum Problem: Hashable, Sendable {
        /// No command begins so.
        case unknown
        /// Words are missing.
        case incomplete
        /// A word may mean several.
        case ambiguous
        /// It is for those who have typed `enable`.
        case privileged
        /// It has no form of this sort (`| json`).
        case notConvertible
    }

    public init(_ command: String, _ problem: Problem, closest: [String] = []) {
        (self.command, self.problem, self.closest) = (command, problem, closest)
    }

    public var description: String {
        switch problem {
        case .unknown: "“\(command)” is no command here; there are: \(closest.joined(separator: ", "))"
        case .incomplete: "“\(command)” is not a whole command; there are: \(closest.joined(separator: ", "))"
        case .ambiguous: "“\(command)” may mean \(closest.joined(separator: " or "))"
        case .privileged: "“\(command)” is for privileged users: type enable first, or call with -p 15"
        case .notConvertible: "“\(command)” has no JSON form"
        }
    }

    /// As EOS says it.
    public var short: String {
        switch problem {
        case .unknown: "% Invalid input"
        case .incomplete: "% Incomplete command"
        case .ambiguous: "% Ambiguous command"
        case .privileged: "% Invalid input (privileged mode required)"
        case .notConvertible: "% This is an unconverted command"
        }
    }
}
