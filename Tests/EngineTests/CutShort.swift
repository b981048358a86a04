import Foundation
import Glibc
import KernelTestSupport
import NetworkNamespaces
import Synchronization
import Testing

/// A series of commands to which a signal is sent, each at another moment of its life.
struct CutShort {
    /// A command of which the life is cut short.
    enum Command: String, CaseIterable, Sendable {
        case up, down, reset
        /// An `up` that changes a running lab.
        case change
        /// An `exec` in a host that has no root yet.
        case exec
    }

    /// A topology: the second is the first with a pod and a service more, another route and another tunnel, and without a node.
    enum File: String, CaseIterable, Sendable { case first, second }

    let commands: [Command]
    /// The signals, in turn.
    let signals: [CInt]
    /// What the moments follow from, so that a failure can be seen again.
    let seed: UInt64
    /// How many moments there are, over all commands.
    let points: Int

    /// What is left when the command has ended.
    struct Case: Sendable {
        let name: String
        let command: Command
        let signal: CInt
        /// How it ended.
        let end: Witness.Testimony
        fileprivate let bench: Bench

        func up(_ file: File) -> [String] { bench.up(file) }

        var down: [String] { bench.down }

        /// What verify says if it finds a difference; nil for a lab that is as it should be.
        func differences() throws -> String? {
            let verified = try Witness.run([BuiltProgram.path, "verify", name, "--strict"])
            return verified.status == 0 ? nil : "verify ended with \(verified.status): \(verified.output)"
        }
    }

    /// A number in the environment.
    static func number(_ variable: String) -> UInt64? { getenv(variable).flatMap { UInt64(String(cString: $0)) } }

    /// Sends signals at moments spread over the life of each command, and has `body` look at what is left.
    ///
    /// - Parameter body: returns what is wrong; nil if nothing is.
    func run(_ body: @escaping @Sendable (Case) throws -> String?) throws {
        let failures = Mutex<[String]>([])
        let cut = Mutex<[Command: Int]>([:])
        let share = (points + commands.count - 1) / commands.count
        try NamespaceThread.forEach(commands.count) { _, index in
            let command = commands[index]
            let bench = try Bench()
            defer { bench.remove() }
            var generator = SplitMix(state: seed &+ UInt64(index))
            // How long its life is when nothing ends it. It changes with what else the machine does.
            var life = 0.0
            for point in 0..<share {
                if point % 8 == 0 { life = try bench.life(of: command) }
                let signal = signals[point % signals.count]
                // One moment in each part of its life.
                let fraction = (Double(point) + generator.fraction()) / Double(share)
                var end: Witness.Testimony?
                for _ in 0..<8 {
                    try bench.prepare(for: command)
                    let process = try Witness.Process(bench.arguments(command))
                    usleep(UInt32(life * fraction * 1_000_000))
                    process.send(signal)
                    let testimony = try process.wait()
                    if testimony.status == 128 + signal {
                        end = testimony
                        cut.withLock { $0[command, default: 0] += 1 }
                        break
                    }
                    // It was over before: again, for a shorter life.
                    life *= 0.85
                    try Witness.output(bench.down)
                }
                let moment = Int(life * fraction * 1_000_000)
                if let end,
                    let failure = try body(
                        Case(name: bench.name, command: command, signal: signal, end: end, bench: bench))
                {
                    let title = "\(command), signal \(signal) after \(moment) µs (point \(point), seed \(seed))"
                    failures.withLock { $0.append("\(title): \(failure)") }
                }
                _ = try Witness.run(bench.down)
            }
        }
        let found = failures.withLock { $0 }
        #expect(found.isEmpty, "\(found.count) of \(points): \(found.prefix(10).joined(separator: "\n"))")
        // Most of them have to have been alive when the signal came, or nothing is shown.
        for command in commands {
            let count = cut.withLock { $0[command] ?? 0 }
            #expect(count >= share / 2, "\(command): only \(count) of \(share) were cut short")
        }
    }

    /// A lab's files and name, and how to run the program on it.
    fileprivate struct Bench {
        let name = TestLab.newName()
        let folder = FileManager.default.temporaryDirectory.path + "/" + UUID().uuidString

        init() throws {
            mkdir(folder, 0o755)
            for (file, yaml) in [(File.first, CutShort.first), (.second, CutShort.second)] {
                try Data(yaml.utf8).write(to: URL(fileURLWithPath: path(file)))
            }
        }

        func path(_ file: File) -> String { "\(folder)/\(file).yaml" }

        func up(_ file: File) -> [String] {
            [BuiltProgram.path, "up", path(file), "--name", name, "--no-probe", "-q"]
        }

        var down: [String] { [BuiltProgram.path, "down", name, "-q"] }

        func arguments(_ command: Command) -> [String] {
            switch command {
            case .up: up(.first)
            case .change: up(.second)
            case .down: down
            case .reset: [BuiltProgram.path, "reset", name, "-q"]
            case .exec: exec("b")
            }
        }

        /// A command that leaves a file in a host.
        private func exec(_ host: String) -> [String] {
            [BuiltProgram.path, "exec", "--lab", name, host, "--", "sh", "-c", "echo written >/etc/nslabtest"]
        }

        /// Brings the lab into the state in which a command is begun.
        func prepare(for command: Command) throws {
            if command != .up { try Witness.output(up(.first)) }
            // Every other has hosts with a root to deal with, of which `change` removes one.
            if command != .up, command != .exec {
                for host in ["a", "b"] { try Witness.output(exec(host)) }
            }
            if command == .reset {
                // Something to do, for an address and a table are more than one step.
                try Witness.ip("-n \(name)-a addr add 10.77.0.1/24 dev eth1")
                try Witness.output(["nft", "add", "table", "inet", "mine"], in: "\(name)-r")
            }
        }

        /// How long a command takes that nothing ends, in seconds.
        func life(of command: Command) throws -> Double {
            try prepare(for: command)
            let start = ContinuousClock.now
            try Witness.output(arguments(command))
            defer { _ = try? Witness.run(down) }
            return start.duration(to: .now) / .seconds(1)
        }

        func remove() {
            _ = try? Witness.run(down)
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    private static let first = TwoNodeLab.yaml(lab: "killed")

    private static let second =
        first.replacing(
            "  b: { interfaces: { eth1: { connect: \"r:eth2\", addresses: [10.20.0.12/24, \"fd00:20::12/64\"] } } }\n",
            with:
                "  c: { interfaces: { eth1: { connect: \"r:eth2\", addresses: [10.20.0.13/24, \"fd00:20::13/64\"] } } }\n"
        )
        .replacing("  pools:\n", with: "  vxlanVNI: 5000\n  pools:\n")
        .replacing(
            "workloads:\n", with: "workloads:\n  more: { kind: Deployment, replicas: 2, node: a, ports: [8080] }\n"
        )
        .replacing(
            "services:\n",
            with: "services:\n  more: { selector: { app: web }, ports: [{ port: 81, targetPort: 8080 }] }\n")

    /// A generator whose numbers follow from its seed (Steele, Lea and Flood, OOPSLA 2014).
    private struct SplitMix {
        var state: UInt64

        /// A number from 0 up to 1.
        mutating func fraction() -> Double {
            state &+= 0x9e37_79b9_7f4a_7c15
            var bits = state
            bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
            bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
            return Double((bits ^ bits >> 31) >> 11) / Double(1 << 53)
        }
    }
}
