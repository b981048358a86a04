/// The names of other tools that nslab answers to, each as far as documents of labs and their scripts use it.
///
/// An applet (as BusyBox has them) reads words and says what is to be done; it does nothing itself.
public enum Applet: String, CaseIterable, Sendable {
    case containerlab, kind, docker, calicoctl, sudo

    /// The applet of the name that a program was started by: the last part of its path.
    public init?(called path: String) {
        self.init(rawValue: String(path.split(separator: "/").last ?? ""))
    }

    /// What is to be done for a command line.
    ///
    /// - Parameter words: those after the name.
    /// - Throws: `AppletError`; whatever the directory throws.
    public func answer(_ words: [String], _ labs: LabDirectory) throws -> AppletAnswer {
        switch self {
        case .containerlab: try Containerlab(labs: labs).answer(words)
        case .kind: try Kind(labs: labs).answer(words)
        case .docker: try Docker(labs: labs).answer(words)
        case .calicoctl: try Calicoctl(labs: labs).answer(words)
        case .sudo: .program(words: SudoWords(words, environment: labs.environment).words, lack: "there is no sudo")
        }
    }
}

/// What is to be done for a command line.
public enum AppletAnswer: Hashable, Sendable {
    /// This goes to standard output.
    case text(String)
    /// Commands of nslab, one after the other until one fails, and then this applet again with other words.
    case commands([[String]], then: [String]?)
    /// A command in a host of a lab.
    case execution(Execution)
    /// A session with a router, as `nslab cli` has it: the words after `nslab cli`.
    case console([String], lab: String)
    /// Commands in hosts of a lab, one after the other, with what they print told for each.
    case executions([Execution])
    /// A file is to be written.
    case file(path: String, content: String)
    /// The real program of this name, with these words; where there is none, a sentence.
    case program(words: [String], lack: String)
}

/// A command that is to run in a host of a lab.
public struct Execution: Hashable, Sendable {
    public var lab: String
    /// What nslab calls the host.
    public var host: String
    /// What the user calls it.
    public var name: String
    public var words: [String]
    /// Whether it reads standard input.
    public var hasInput: Bool
    /// Whether it is left to itself.
    public var isDetached = false

    public init(_ machine: Machine, _ words: [String], hasInput: Bool) {
        (lab, host, name) = (machine.lab, machine.host, machine.name)
        self.words = words
        self.hasInput = hasInput
    }
}
