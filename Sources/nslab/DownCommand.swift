import ArgumentParser
import NSLabKit

/// `nslab down`
struct Down: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "Remove labs wholly: namespaces, processes inside, files.",
        discussion: "A signal to end waits until the lab that is being removed is gone.")

    @Argument(
        help: "The labs (default: $NSLAB_LAB, or the only running one).",
        completion: .custom { _, _, _ in Lab.runningNames() })
    var labs: [String] = []

    @Flag(help: "Remove all labs.")
    var all = false

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if all, !labs.isEmpty { throw ValidationError("name labs, or give --all, but not both") }
    }

    func run() throws {
        let console = global.console
        try Privilege.require(for: "nslab down")
        let report = try Lab.down(
            all ? .all : labs.isEmpty ? LabOption.surrounding.map { .named([$0]) } ?? .only : .named(labs),
            cancellation: .signals
        ) { lab in
            console.progress("another nslab command works on lab \(lab); waiting for it")
        }
        for lab in report.labs {
            for pin in lab.foreign {
                console.warning("/run/netns/\(pin) has a name of lab \(lab.lab) but is not nslab's; it was left alone")
            }
        }
        try console.print(report) {
            guard !global.quiet else { return "" }
            if report.labs.isEmpty { return "no lab is running\n" }
            return report.labs.map { lab in
                guard lab.wasThere else { return "lab \(lab.lab) is not there\n" }
                let processes = lab.processes.isEmpty ? "" : ", \(lab.processes.count) processes inside ended"
                return "lab \(lab.lab) is gone: \(lab.namespaces) namespaces\(processes)\n"
            }.joined()
        }
    }
}
