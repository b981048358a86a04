import Engine
import Foundation
import Glibc
import KernelTestSupport
import NSLabKit
import NetworkNamespaces
import Testing

@Suite("A lab of which the state is lost, or is not nslab's", .needsRoot, .timeLimit(.minutes(20)))
struct LostStateTests {
    @Test(
        "down finds what carries the lab's mark, and leaves alone what does not",
        arguments: ["journal missing", "journal corrupt", "journal a link", "folder missing", "pins deleted"])
    func down(damage: String) throws {
        try TestLab.with("ipv4-only") { lab in
            let folder = "\(StateDirectory.root)/\(lab.name)"
            let pins = lab.blueprint.namespaces.map { lab.pin($0.name) }
            // Another's namespace, of a name that the lab could have.
            let other = lab.pin("other")
            try Witness.ip("netns add \(other)")
            defer { _ = try? Witness.ip("netns del \(other)") }
            let process = try Witness.Process(["sleep", "1000"], in: pins[pins.count - 1])
            try process.waitToBecome("sleep")
            switch damage {
            case "journal missing": unlink("\(folder)/journal.json")
            case "journal corrupt": try Data("{".utf8).write(to: URL(fileURLWithPath: "\(folder)/journal.json"))
            case "journal a link":
                unlink("\(folder)/journal.json")
                symlink("/etc/passwd", "\(folder)/journal.json")
            case "folder missing": try FileManager.default.removeItem(atPath: folder)
            default: for pin in pins { try Witness.ip("netns del \(pin)") }
            }
            if damage != "pins deleted" {
                let left = try Leftovers.find()
                #expect(Set(left.namespaces.filter { $0.lab == lab.name }.compactMap(\.pin)) == Set(pins))
                #expect(left.labs.contains(lab.name))
            }
            _ = try Lab.down(.named([lab.name]))
            #expect(try process.wait().status != 0)
            #expect(Remains(of: lab.name).pins == [other])
            #expect(access("/etc/passwd", F_OK) == 0)
            #expect(try !Leftovers.find().labs.contains(lab.name))
            try Witness.ip("netns del \(other)")
        }
    }

    @Test("down knows the lab's own by its number where the mark is lost; what took the place of one has neither")
    func unmarked() throws {
        try TestLab.with("ipv4-only") { lab in
            let pins = lab.blueprint.namespaces.map { lab.pin($0.name) }
            try Witness.ip("link set lo alias somebody", in: pins[1])
            try Witness.ip("netns del \(pins[2])")
            try Witness.ip("netns add \(pins[2])")
            defer { _ = try? Witness.ip("netns del \(pins[2])") }
            let report = try Lab.down(.named([lab.name]))
            #expect(report.labs[0].foreign == [pins[2]])
            #expect(Remains(of: lab.name).pins == [pins[2]])
            try Witness.ip("netns del \(pins[2])")
        }
    }

    @Test(
        "what was written in hosts' roots is found and removed, also by who is in one with another network",
        arguments: ["removed", "moved", "unmounted", "journal missing"])
    func roots(damage: String) throws {
        try TestLab.with("ipv4-only") { lab in
            let folder = "\(StateDirectory.root)/\(lab.name)"
            let other = FileManager.default.temporaryDirectory.path + "/" + lab.name
            defer {
                while umount2("\(other)/roots", CInt(MNT_DETACH)) == 0 {}
                try? FileManager.default.removeItem(atPath: other)
            }
            let host = lab.blueprint.namespaces[0].name
            let words = "sleep 1\(getpid())"
            try Witness.output([
                BuiltProgram.path, "exec", "--lab", lab.name, host, "--", "sh", "-c",
                "echo x >/etc/left; unshare -n \(words) >/dev/null 2>&1 &",
            ])
            try eventually { try Witness.run(["pgrep", "-fx", words]).status == 0 }
            switch damage {
            case "removed": _ = try Witness.run(["rm", "-rf", folder])
            case "moved": try Witness.output(["mv", folder, other])
            case "unmounted": try Witness.output(["umount", "-l", "\(folder)/roots"])
            default: unlink("\(folder)/journal.json")
            }
            if damage == "moved" {
                let doctor = try Witness.run([BuiltProgram.path, "doctor"])
                #expect(doctor.output.contains("hosts' files at \(other)/roots"), "\(doctor.output)")
            }
            if damage != "unmounted" { #expect(try Leftovers.find().labs.contains(lab.name)) }
            _ = try Lab.down(.named([lab.name]))
            let table = try KernelFile.text("/proc/self/mountinfo")
            #expect(!table.contains(lab.name))
            #expect(try !Leftovers.find().labs.contains(lab.name))
            #expect(access(folder, F_OK) != 0)
            // One that nothing leads to any more ends with its own.
            if damage == "unmounted" { try Witness.output(["pkill", "-fx", words]) }
            try eventually { try Witness.run(["pgrep", "-fx", words]).status == 1 }
        }
    }

    @Test(
        "a state folder that is a link, a pipe or another user's is refused by name",
        arguments: ["link", "pipe", "owner"])
    func hostile(form: String) throws {
        let name = TestLab.newName()
        let path = "\(StateDirectory.root)/\(name)"
        let target = FileManager.default.temporaryDirectory.path + "/" + name
        mkdir(target, 0o755)
        try Data("kept".utf8).write(to: URL(fileURLWithPath: target + "/file"))
        defer {
            unlink(path)
            rmdir(path)
            try? FileManager.default.removeItem(atPath: target)
        }
        try TestLab.beingThere {
            switch form {
            case "link": symlink(target, path)
            case "pipe": mkfifo(path, 0o600)
            default: mkdir(path, 0o755)
            }
        }
        if form == "owner" { try #require(chown(path, 65534, 65534) == 0) }
        for command in [["up", "ipv4-only", "--name", name, "--no-probe"], ["down", name]] {
            let result = try Witness.run(["timeout", "30", BuiltProgram.path] + command)
            #expect(result.status == 4, "\(command): \(result.output)")
            #expect(result.output.contains("\(path) is not nslab's: it"), "\(result.output)")
        }
        #expect(access(target + "/file", F_OK) == 0)
    }

    @Test(
        "whatever the umask of who makes the folders, and of who made them before",
        arguments: ["umask 0777", "umask 0177; mkdir /run/nslab"])
    func masks(before: String) throws {
        let name = TestLab.newName()
        let nslab = BuiltProgram.path
        // A /run of its own: the machine's has the labs of others.
        let script = """
            set -e
            mount -t tmpfs none /run
            \(before)
            # Nothing but this script knows of the lab.
            trap '\(nslab) down -q \(name)' EXIT
            \(nslab) up --name \(name) -q
            umask 0022
            (cd /run/nslab; stat -c '%a %n' \(name) \(name)/responders.sock \(name)/journal.json; stat -c '%a resolv.conf' \(name)/etc-*/0/resolv.conf)
            trap - EXIT
            \(nslab) down \(name)
            test ! -e /run/nslab
            """
        let result = try Witness.run(["unshare", "--mount", "sh", "-c", script])
        #expect(result.status == 0, "\(result.output)")
        for mode in ["755 \(name)", "600 \(name)/responders.sock", "644 \(name)/journal.json"] {
            #expect(result.output.contains("\(mode)\n"), "\(result.output)")
        }
        #expect(result.output.contains("644 resolv.conf\n"), "\(result.output)")
    }

    @Test("a journal that cannot be read for another reason than damage is no lost one")
    func unreadable() throws {
        let name = TestLab.newName()
        let nslab = BuiltProgram.path
        // A /run of its own: what is wrong there is no other test's.
        let script = """
            set -e
            mount -t tmpfs none /run
            trap '\(nslab) down -q \(name)' EXIT
            \(nslab) up ipv4-only --name \(name) -q --no-probe
            cp /run/nslab/\(name)/journal.json /run/kept
            truncate -s 65M /run/nslab/\(name)/journal.json
            \(nslab) doctor && exit 9 || echo doctor $?
            \(nslab) list && exit 9 || echo list $?
            cp /run/kept /run/nslab/\(name)/journal.json
            \(nslab) verify \(name)
            # Nor is it taken for granted that all which is there is the lab's.
            ip -n \(name)-tor link add mine type bridge
            cp /run/nslab/\(name)/topology.yaml /run/kept
            truncate -s 65M /run/nslab/\(name)/topology.yaml
            \(nslab) up dual-stack --name \(name) -q --no-probe && exit 9 || echo up $?
            cp /run/kept /run/nslab/\(name)/topology.yaml
            ip -n \(name)-tor link show mine
            \(nslab) verify \(name)
            """
        let result = try Witness.run(["unshare", "--mount", "--propagation", "private", "bash", "-c", script])
        #expect(result.status == 0, "\(result.output)")
        #expect(!result.output.contains("lab \(name) left"), "\(result.output)")
        #expect(result.output.contains("\(name)/journal.json: File too large"), "\(result.output)")
        for words in ["doctor 3", "list 3", "up 3"] { #expect(result.output.contains(words), "\(result.output)") }
    }

    @Test("a lab that is ended while it comes up, and cannot be removed, is told with both reasons")
    func notRemoved() throws {
        let name = TestLab.newName()
        let folder = "\(StateDirectory.root)/\(name)"
        let topology = FileManager.default.temporaryDirectory.path + "/\(name).yaml"
        defer {
            chmod(folder, 0o755)
            _ = try? Lab.down(.named([name]))
            unlink(topology)
        }
        try Data(
            """
            lab: ended
            routers: { r: { ports: { eth1: { addresses: [10.0.0.1/24] } } } }
            nodes:
              a:
                interfaces: { eth1: { connect: "r:eth1", addresses: [10.0.0.2/24] } }
                commands: [[sleep, "60"]]

            """.utf8
        ).write(to: URL(fileURLWithPath: topology))
        let up = try Witness.Process([BuiltProgram.path, "up", topology, "--name", name, "--no-probe"])
        try eventually("the lab's command") {
            guard let node = NamedNamespaces.identity("\(name)-a") else { return false }
            return try NamespaceProcesses.find(in: [node]).contains { $0.command == "sleep" }
        }
        // What others may write to is not believed.
        #expect(chmod(folder, 0o777) == 0)
        up.send(SIGTERM)
        let result = try up.wait()
        #expect(result.status == 3, "\(result.output)")
        for words in ["interrupted: ", "while it was being removed again: \(folder) is not", "`nslab down \(name)`"] {
            #expect(result.output.contains(words), "\(result.output)")
        }
        #expect(chmod(folder, 0o755) == 0)
        _ = try Lab.down(.named([name]))
        #expect(Remains(of: name).isEmpty, "\(Remains(of: name))")
    }

    @Test("a name that is a path leads nowhere")
    func path() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/" + TestLab.newName()
        mkdir(folder, 0o755)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data("kept".utf8).write(to: URL(fileURLWithPath: folder + "/file"))
        #expect(throws: NSLabError.self) { try Lab.down(.named(["../..\(folder)"])) }
        #expect(access(folder + "/file", F_OK) == 0)
    }
}
