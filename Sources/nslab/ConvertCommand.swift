import ArgumentParser
import Glibc
import NSLabKit
import Topology

/// `nslab convert`
struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Print a lab folder, or any topology, in nslab's own format. Needs no privilege.")

    @Argument(help: "A lab folder, a topology file, or the name of a bundled topology.", completion: .file())
    var source: String

    @Option(help: "Give the lab another name than its topology does.")
    var name: String?

    @OptionGroup var files: SourceOptions

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let reading = try files.source(source).read(named: name)
        global.console.warn(reading.warnings)
        try Console.output(reading.topology.yaml)
    }
}
