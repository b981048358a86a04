import BundledTopologies
import Engine
import Glibc
import KernelTestSupport
import Testing

/// A container or a CI job on the same machine has a `/run` of its own, and labs of its own there.
@Suite("Labs that have their state in another /run", .needsRoot, .timeLimit(.minutes(20)))
struct OtherRunTests {
    /// A shell with an empty `/run`, in which another one has one, too, and a lab in it that lives until it is told to end.
    private func script(_ name: String, _ commands: String) -> String {
        let nslab = BuiltProgram.path
        return """
            set -e
            mount -t tmpfs none /run
            mkfifo /run/ready /run/go
            # What the other shell waits for must not keep it when this one ends.
            exec 7<>/run/ready 8<>/run/go
            unshare --mount sh -c '
                exec 2>&1
                mount -t tmpfs none /run
                \(nslab) up ipv4-only --name \(name) --no-probe -q
                echo ready >&7
                timeout 120 head -n 1 <&8 >/dev/null
                \(nslab) probe --lab \(name) -q && echo "probes passed"
                \(nslab) down \(name) && echo "its own down"
                ls -d /run/nslab 2>/dev/null || true
            ' &
            other=$!
            trap 'echo end >&8; wait $other || true' EXIT
            timeout 120 head -n 1 <&7 >/dev/null
            nslab=\(nslab)
            \(commands)
            """
    }

    @Test("down --all and doctor speak of their own labs only")
    func downAll() throws {
        let (own, other) = (TestLab.newName(), TestLab.newName())
        let result = try Witness.run([
            "unshare", "--mount", "sh", "-c",
            script(
                other,
                """
                $nslab up ipv4-only --name \(own) --no-probe -q
                $nslab doctor > /run/doctor 2>&1 || true
                if grep \(other) /run/doctor; then echo "doctor names it"; fi
                $nslab down --all
                """),
        ])
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains("lab \(own) is gone"), "\(result.output)")
        #expect(result.output.contains("probes passed"), "\(result.output)")
        #expect(result.output.contains("its own down"), "\(result.output)")
        #expect(!result.output.contains("doctor names it"), "\(result.output)")
        #expect(!result.output.contains("/run/nslab"), "\(result.output)")
    }

    @Test("two labs of one name, each in a /run of its own, leave each other's files in /etc/netns alone")
    func sameName() throws {
        let name = TestLab.newName()
        let result = try Witness.run([
            "unshare", "--mount", "sh", "-c",
            script(
                name,
                """
                ls -l /etc/netns | grep \(name) | sort > /run/before
                $nslab up ipv4-only --name \(name) -q
                $nslab verify --strict \(name) -q && echo "verified"
                $nslab exec --lab \(name) worker1 -- cat /etc/resolv.conf | grep nameserver
                $nslab down \(name)
                ls -l /etc/netns | grep \(name) | sort | diff /run/before - && echo "links as before"
                """),
        ])
        #expect(result.status == 0, "\(result.output)")
        for words in ["verified", "links as before", "probes passed", "its own down"] {
            #expect(result.output.contains(words), "\(words): \(result.output)")
        }
    }

    @Test("a namespace with the mark of an earlier version is the lab's, and gets the new one")
    func earlierMark() throws {
        try TestLab.with("ipv4-only") { lab in
            let pins = lab.blueprint.namespaces.map { lab.pin($0.name) }
            for pin in pins {
                _ = try Witness.output(["ip", "-n", pin, "link", "set", "lo", "alias", "nslab \(lab.name)"])
            }
            let topology = try #require(BundledTopology.named("ipv4-only")).topology()
            #expect(try lab.up(topology).changes.count == pins.count)
            #expect(try lab.differences(strict: true) == [])
            for pin in pins {
                _ = try Witness.output(["ip", "-n", pin, "link", "set", "lo", "alias", "nslab \(lab.name)"])
            }
        }
    }
}
