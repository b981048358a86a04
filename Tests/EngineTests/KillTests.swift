import BundledTopologies
import Engine
import Foundation
import Glibc
import KernelTestSupport
import NSLabKit
import NetworkNamespaces
import Synchronization
import Testing
import Topology

@Suite("A program that is killed", .needsRoot)
struct KillTests {
    /// A command of which the life is cut short.
    enum Command: String, CaseIterable, Sendable {
        case up, down
        /// An `up` that changes a running lab.
        case change
    }

    /// The seed of the moments, recorded here so that a failure can be seen again; `NSLAB_KILL_SEED` sets another.
    private static let seed = getenv("NSLAB_KILL_SEED").flatMap { UInt64(String(cString: $0)) } ?? 20_261_125
    /// How many moments there are in each series, over all commands.
    private static let points = getenv("NSLAB_KILL_POINTS").flatMap { Int(String(cString: $0)) } ?? 200

    private static let first = """
        lab: killed
        nodes:
          a: { interfaces: { eth1: { connect: "r:eth1", addresses: [10.20.0.11/24, "fd00:20::11/64"] } } }
          b: { interfaces: { eth1: { connect: "r:eth2", addresses: [10.20.0.12/24, "fd00:20::12/64"] } } }
        routers:
          r:
            vlans: { 10: { addresses: [10.20.0.1/24, "fd00:20::1/64"] } }
            ports: { eth1: { access: 10 }, eth2: { access: 10 } }
        cluster:
          pools:
            four: { cidr: 192.168.0.0/16, encapsulation: VXLAN, natOutgoing: true }
          serviceSubnets: [10.96.0.0/16]
        workloads:
          web: { kind: DaemonSet, labels: { app: web }, ports: [8080] }
        services:
          web: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }

        """
    /// The same with a pod and a service more, another route and another tunnel, and without a node.
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

    /// A lab's files and name, and how to run the program on it.
    private struct Bench {
        let name = TestLab.newName()
        let folder = FileManager.default.temporaryDirectory.path + "/" + UUID().uuidString

        init() throws {
            mkdir(folder, 0o755)
            for (file, yaml) in [("first", KillTests.first), ("second", KillTests.second)] {
                try Data(yaml.utf8).write(to: URL(fileURLWithPath: path(file)))
            }
        }

        func path(_ file: String) -> String { "\(folder)/\(file).yaml" }

        func up(_ file: String) -> [String] {
            [BuiltProgram.path, "up", path(file), "--name", name, "--no-probe", "-q"]
        }

        var down: [String] { [BuiltProgram.path, "down", name, "-q"] }

        func arguments(_ command: Command) -> [String] {
            switch command {
            case .up: up("first")
            case .change: up("second")
            case .down: down
            }
        }

        /// Brings the lab into the state in which a command is begun.
        func prepare(for command: Command) throws {
            if command != .up { try Witness.output(up("first")) }
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

    /// Kills the program at moments spread over the life of each command, and has `body` look at what is left.
    private static func killing(
        _ series: UInt64,
        _ body:
            @escaping @Sendable (_ name: String, _ again: (String) -> [String], _ down: [String], Command) throws ->
            String?
    ) throws {
        let failures = Mutex<[String]>([])
        let cut = Mutex<[Command: Int]>([:])
        let share = (points + Command.allCases.count - 1) / Command.allCases.count
        try Threads.forEach(Command.allCases.count) { index in
            let command = Command.allCases[index]
            let bench = try Bench()
            defer { bench.remove() }
            var generator = SplitMix(state: seed &+ series &* 1000 &+ UInt64(index))
            // How long its life is when nothing ends it. It changes with what else the machine does.
            var life = 0.0
            for point in 0..<share {
                if point % 8 == 0 { life = try bench.life(of: command) }
                // One moment in each part of its life.
                let fraction = (Double(point) + generator.fraction()) / Double(share)
                for _ in 0..<3 {
                    try bench.prepare(for: command)
                    let process = try Witness.Process(bench.arguments(command))
                    usleep(UInt32(life * fraction * 1_000_000))
                    process.send(SIGKILL)
                    if try process.wait().status == 128 + SIGKILL {
                        cut.withLock { $0[command, default: 0] += 1 }
                        break
                    }
                    // It was over before: again, for a shorter life.
                    life *= 0.85
                    try Witness.output(bench.down)
                }
                let moment = life * fraction
                if let failure = try body(bench.name, bench.up, bench.down, command) {
                    let title = "\(command) killed after \(Int(moment * 1_000_000)) µs (point \(point), seed \(seed))"
                    failures.withLock { $0.append("\(title): \(failure)") }
                }
                _ = try Witness.run(bench.down)
            }
        }
        let found = failures.withLock { $0 }
        #expect(found.isEmpty, "\(found.count) of \(points): \(found.prefix(10).joined(separator: "\n"))")
        // Most of them have to have been alive when they were killed, or nothing is shown.
        for command in Command.allCases {
            let count = cut.withLock { $0[command] ?? 0 }
            #expect(count >= share / 2, "\(command): only \(count) of \(share) were killed")
        }
    }

    @Test("at whatever moment, leaves a lab of which down leaves nothing")
    func down() throws {
        try Self.killing(1) { name, _, down, _ in
            let result = try Witness.run(down)
            if result.status != 0 { return "down ended with \(result.status): \(result.output)" }
            let remains = Remains(of: name)
            return remains.isEmpty ? nil : "down left \(remains)"
        }
    }

    @Test("at whatever moment, leaves a lab that up completes, and verify finds nothing")
    func up() throws {
        try Self.killing(2) { name, up, _, command in
            let result = try Witness.run(up(command == .change ? "second" : "first"))
            if result.status != 0 { return "up ended with \(result.status): \(result.output)" }
            let verified = try Witness.run([BuiltProgram.path, "verify", name, "--strict"])
            return verified.status == 0 ? nil : "verify ended with \(verified.status): \(verified.output)"
        }
    }

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
