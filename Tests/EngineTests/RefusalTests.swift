import Engine
import Foundation
import Glibc
import KernelTestSupport
import NSLabKit
import NetworkNamespaces
import Testing
import Topology

/// The kernel is made to refuse one netlink request after the other (`FaultInjection` in `Netlink`, in debug builds).
@Suite("A request that the kernel refuses", .needsRoot, .timeLimit(.minutes(20)))
struct RefusalTests {
    private static let yaml = """
        lab: refused
        routers:
          r:
            vlans: { 10: { addresses: [10.20.0.1/24] } }
            ports: { eth1: { access: 10 } }
        nodes:
          a: { interfaces: { eth1: { connect: "r:eth1", addresses: [10.20.0.11/24] } } }
        cluster:
          pools:
            four: { cidr: 192.168.0.0/16, encapsulation: VXLAN }
        workloads:
          web: { kind: DaemonSet }

        """

    @Test("any request of an up: a sentence that names the object, exit status 3, and nothing is left")
    func up() throws {
        let name = TestLab.newName()
        let folder = FileManager.default.temporaryDirectory.path + "/" + UUID().uuidString
        mkdir(folder, 0o755)
        defer {
            _ = try? Witness.run([BuiltProgram.path, "down", name])
            try? FileManager.default.removeItem(atPath: folder)
        }
        let topology = "\(folder)/topology.yaml"
        try Data(Self.yaml.utf8).write(to: URL(fileURLWithPath: topology))
        let mark = "\(folder)/refused"
        var refused = 0
        var asked = 0
        for number in 0... {
            unlink(mark)
            let result = try Witness.run([
                "env", "NSLAB_REFUSE_REQUEST=\(number):\(mark)", BuiltProgram.path, "up", topology, "--name", name,
                "--no-probe",
            ])
            // Fewer requests than that: all have had their turn.
            guard access(mark, F_OK) == 0 else {
                #expect(result.status == 0, "\(result.output)")
                break
            }
            if result.status == 0 {
                // Asked what the kernel can do, it said no; then the lab has the form for a kernel that cannot.
                asked += 1
                let verified = try Witness.run([BuiltProgram.path, "verify", name, "--strict"])
                #expect(verified.status == 0, "request \(number): \(verified.output)")
                try Witness.output([BuiltProgram.path, "down", name])
                continue
            }
            refused += 1
            #expect(result.status == 3, "request \(number): \(result.output)")
            // Before there is an object, what the kernel is asked for is a feature, and that is what is named.
            let names = ["r: ", "a: ", "web-", "lab \(name): ", "links of a", "this kernel has no "]
            #expect(
                result.output.hasPrefix("nslab: ") && names.contains { result.output.contains($0) },
                "request \(number): \(result.output)")
            let remains = Remains(of: name)
            #expect(remains.isEmpty, "request \(number): \(remains)")
        }
        #expect(refused > 25)
        #expect(asked <= 3)
    }

    @Test("any request of an up that changes a lab: exit status 3, and the next up completes it")
    func change() throws {
        let other = Self.yaml.replacing("encapsulation: VXLAN }", with: "encapsulation: VXLAN }\n  vxlanVNI: 77\n")
            .replacing(
                "web: { kind: DaemonSet }", with: "web: { kind: DaemonSet }\n  two: { kind: Deployment, replicas: 1 }")
        try TestLab.with(yaml: Self.yaml) { lab in
            let folder = FileManager.default.temporaryDirectory.path + "/" + UUID().uuidString
            mkdir(folder, 0o755)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            for (name, text) in [("one", Self.yaml), ("two", other)] {
                try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
            }
            let mark = "\(folder)/refused"
            var refused = 0
            // Not each of them: they are those of an up, and those that look.
            for number in stride(from: 0, to: 1000, by: 5) {
                unlink(mark)
                let file = (number / 5).isMultiple(of: 2) ? "two" : "one"
                let up = [BuiltProgram.path, "up", "\(folder)/\(file)", "--name", lab.name, "--no-probe", "-q"]
                let result = try Witness.run(["env", "NSLAB_REFUSE_REQUEST=\(number):\(mark)"] + up)
                guard access(mark, F_OK) == 0 else { break }
                if result.status == 0 { continue }
                refused += 1
                #expect(result.status == 3, "request \(number): \(result.output)")
                try Witness.output(up)
                let left = try lab.differences(strict: true)
                #expect(left.isEmpty, "request \(number): \(left.joined(separator: "\n"))")
            }
            #expect(refused > 5)
        }
    }
}
