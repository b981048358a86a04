import KernelTestSupport
import NSLabKit
import Testing

/// Whatever is done to a lab's kernel: seen and named by `verify --strict`, and undone by `reset`.
@Suite("A lab as new", .needsRoot, .timeLimit(.minutes(20)))
struct PristineTests {
    @Test(
        "each experiment is named, undone, and leaves nothing that other tools would see",
        arguments: Experiment.Group.allCases)
    func experiments(group: Experiment.Group) throws {
        try TestLab.with("dual-stack") { lab in
            let node = lab.pin("dual-stack-worker")
            let pod = lab.pin(try lab.pod(on: "dual-stack-worker").name)
            let pins: [Experiment.Place: String] = [.node: node, .router: lab.pin("ceos01"), .pod: pod]
            for pin in pins.values { try Witness.waitForCarriers(in: pin) }
            let bridge = try Witness.json("ip -j link show type bridge", in: pins[.router]).first?["ifname"] as? String
            let before = try pins.mapValues { try ToolDump($0) }
            var seen = 0
            for experiment in try Experiment.all(group).map({ $0.naming(bridge: try #require(bridge)) }) {
                let title = "\(experiment.commands)"
                let isDone = try experiment.commands.allSatisfy {
                    try Witness.run(["sh", "-c", $0], in: pins[experiment.place]).status == 0
                }
                #expect(isDone || experiment.mayBeRefused, "\(title) is refused")
                let found = try lab.differences(strict: true)
                if isDone {
                    seen += 1
                    #expect(!found.isEmpty, "\(title) is not seen")
                    for difference in experiment.told {
                        #expect(found.contains { $0.contains(difference) }, "\(title): \(difference): \(found)")
                    }
                }
                let report = try Lab.running(lab.name).reset()
                #expect(!isDone || !report.changes.isEmpty, "\(title)")
                let left = try lab.differences(strict: true)
                #expect(left.isEmpty, "\(title): \(left.joined(separator: "\n"))")
            }
            #expect(seen > 0)
            for (place, pin) in pins {
                try Witness.waitForCarriers(in: pin)
                let differences = try before[place]?.differences(from: ToolDump(pin)) ?? []
                #expect(differences.isEmpty, "\(place): \(differences.joined(separator: "\n"))")
            }
            #expect(try Lab.running(lab.name).probe().failed == 0)
        }
    }

    @Test("what is seen with --strict alone is no difference to those who ask whether the lab works")
    func beside() throws {
        try TestLab.with("dual-stack") { lab in
            let node = lab.pin("dual-stack-worker")
            try Witness.sysctl("net.ipv4.tcp_ecn=0", in: node)
            try Witness.ip("link set eth1 txqueuelen 10", in: node)
            #expect(try lab.differences() == [])
            #expect(try lab.differences(strict: true).count == 2)
        }
    }

    @Test("traffic, a link that is down and up again, and a reset leave no difference")
    func unmoved() throws {
        try TestLab.with("dual-stack") { lab in
            let node = lab.pin("dual-stack-worker")
            #expect(try Lab.running(lab.name).probe().failed == 0)
            #expect(try lab.differences(strict: true) == [])
            for state in ["down", "up"] { try Witness.ip("link set eth1 \(state)", in: node) }
            // What the kernel forgets with a link is what `up` brings back.
            _ = try Lab.running(lab.name).reset()
            try Witness.waitForCarriers(in: node)
            #expect(try Lab.running(lab.name).probe().failed == 0)
            #expect(try lab.differences(strict: true) == [])
        }
    }
}
