import Engine
import Glibc
import PodServer
import System
import Topology

/// A lab for as long as one command runs.
public struct LabRun {
    /// The topology, under the name that the lab gets.
    public let topology: Topology
    /// What the topology was read from, as the user would name it.
    public let source: String
    /// The command's program, looked up in PATH, and its arguments.
    public let command: [String]
    /// What is kept for the commands of other tools.
    public var containers: ContainerRecord?
    /// What the lab's Kubernetes API serves besides what the lab is; nil for no API.
    public let api: ClusterAPIFiles?

    /// The first argument of this program where it is to take a lab down once its parent has ended; the lab's name follows.
    public static let guardianCommand = "take-down-when-orphaned"

    /// A run of a command in a lab of this topology.
    ///
    /// - Parameter name: the lab's name; nil for the topology's own with this process's number, which no other run has.
    public init(
        _ topology: Topology, source: String, name: String?, command: [String], api: ClusterAPIFiles? = nil
    ) {
        var topology = topology
        if let name {
            topology.name = name
        } else {
            let suffix = "-\(getpid())"
            topology.name = String(topology.name.prefix(63 - suffix.count)) + suffix
        }
        self.topology = topology
        self.source = source
        self.command = command
        self.api = api
    }

    /// How a run ended.
    public struct Outcome: Sendable {
        /// The command's exit status: 128 and the signal's number for one that a signal ended, 127 for one that is not there.
        public var status: Int32
        /// What probes found before the command was started, if it was asked for.
        public var probes: ProbeReport?
    }

    /// Builds the lab, runs the command with `NSLAB_LAB` and `NSLAB_STATE` set, and where the lab has an API `KUBECONFIG`, and takes the
    /// lab down, whatever happens.
    ///
    /// Signals that ask this process to end are passed on to the command; one that comes while the lab is being built has what
    /// there is of it taken down and ends the run. Where this process is killed, another one that it has started takes
    /// the lab down. Must be called before the process has a second thread.
    ///
    /// - Parameters:
    ///   - probing: whether to probe the lab first; the command is not run if a probe fails.
    ///   - built: told how the lab was built, before the command is run.
    public func run(
        probing: Bool, progress: @escaping (Lab.Step) -> Void = { _ in }, built: (UpReport) -> Void = { _ in }
    ) throws(NSLabError) -> Outcome {
        SupervisedCommand.blockSignals()
        return try reportingErrors {
            // One that is there is somebody's; it must not be taken down.
            if StateDirectory.labs().contains(topology.name) {
                throw inTheWay
            }
            guard let program = Executable.path(of: "nslab") else { throw PodServerError.noProgram }
            let guardian = try Watchdog(program, arguments: [Self.guardianCommand, topology.name])
            let outcome = Result { try inLab(probing, progress, built) }
            var isOurs = true
            if case .failure(let error as NSLabError) = outcome, error.category == .inTheWay { isOurs = false }
            let removal = Result { if isOurs { _ = try Lab.down(.named([topology.name])) } }
            guardian.dismiss()
            let result = try outcome.get()
            try removal.get()
            return result
        }
    }

    private var inTheWay: NSLabError {
        NSLabError(
            "lab \(topology.name) is there already, and a run makes a lab of its own; give it another --name", .inTheWay
        )
    }

    private func inLab(
        _ probing: Bool, _ progress: @escaping (Lab.Step) -> Void, _ built: (UpReport) -> Void
    ) throws -> Outcome {
        let report: UpReport
        do throws(NSLabError) {
            report = try Lab.up(
                topology, source: source, probing: probing, api: api, containers: containers,
                cancellation: .heldSignals, progress: progress)
        } catch {
            guard error.category == .interrupted, let signal = SupervisedCommand.pendingEnd() else { throw error }
            return Outcome(status: 128 + signal)
        }
        if report.wasThere || !report.changes.isEmpty {
            throw inTheWay
        }
        built(report)
        if let signal = SupervisedCommand.pendingEnd() { return Outcome(status: 128 + signal, probes: report.probes) }
        if report.probes?.failed ?? 0 > 0 { return Outcome(status: 1, probes: report.probes) }
        var environment = ["NSLAB_LAB": topology.name, "NSLAB_STATE": StateDirectory(lab: topology.name).path]
        environment["KUBECONFIG"] = try kubeconfig()
        do throws(SystemCallError) {
            let running = try SupervisedCommand(command, environment: environment)
            return Outcome(status: try running.wait().shellStatus, probes: report.probes)
        } catch {
            guard error.call == "posix_spawn" else { throw error }
            throw NSLabError(command: command[0], error)
        }
    }

    /// The file that clients of the lab's API are configured by, once it is whole; nil for a lab without an API.
    private func kubeconfig() throws(EngineError) -> String? {
        guard api != nil else { return nil }
        do throws(EngineError) {
            _ = try ClusterAPIProcess.kubeconfig(ofLab: topology.name)
        } catch {
            // Why it has none, `up` has said already.
            if case .noAPI = error { return nil }
            throw error
        }
        return StateDirectory(lab: topology.name).api.kubeconfig
    }

    /// In a guardian: takes the lab down if the process that ran it has ended without having done so.
    public static func guardLab(named lab: String) {
        // Whoever ends the run's process group or session must not end this.
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] { Glibc.signal(signal, SIG_IGN) }
        guard Watchdog.waitForOrphaning() else { return }
        do throws(NSLabError) {
            _ = try Lab.down(.named([lab]))
        } catch {
            // It has no terminal: whoever finds the lab finds the reason in the system's log.
            let words = "lab \(lab) is left behind: \(error); `nslab down \(lab)` removes it"
            openlog("nslab", LOG_PID, Int32(LOG_USER))
            withVaList([]) { vsyslog(LOG_ERR, words.replacing("%", with: "%%"), $0) }
        }
    }
}
