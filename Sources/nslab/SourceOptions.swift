import ArgumentParser
import NSLabKit

/// Where a command's topology comes from, and which files of a lab folder count.
struct SourceOptions: ParsableArguments {
    @Option(
        name: .customLong("file"),
        help: ArgumentHelp("Read this file too; of a lab folder.", valueName: "path"), completion: .file())
    var files: [String] = []

    @Option(
        name: .customLong("exclude"),
        help: ArgumentHelp("Leave this file or folder out; a path, name or pattern.", valueName: "pattern"))
    var excluded: [String] = []

    @Option(
        name: .customLong("allow-bind"),
        help: ArgumentHelp(
            "Let the lab's hosts read files below this directory (binds); may be given more than once.",
            valueName: "directory"),
        completion: .directory)
    var bindable: [String] = []

    @Flag(
        name: .customLong("no-mgmt"),
        help: "Leave out the networks that kind and containerlab bring by themselves; of a lab folder.")
    var hasNoToolNetworks = false

    /// The topology that a command's argument names.
    func source(_ argument: String?) throws -> TopologySource {
        try TopologySource(
            argument, adding: files, excluding: excluded, allowing: bindable, withToolNetworks: !hasNoToolNetworks)
    }
}

/// The topology of a lab, and the lab's name.
struct LabOptions: ParsableArguments {
    @Argument(
        help: "A topology file, a lab folder, the name of a bundled topology, or nothing for the dual-stack lab.",
        completion: .file(extensions: ["yaml", "yml"]))
    var source: String?

    @Option(help: "Give the lab another name than its topology does.")
    var name: String?

    @OptionGroup var files: SourceOptions

    /// Reads the topology.
    func read() throws -> (reading: TopologySource.Reading, source: String) {
        let source = try files.source(source)
        return (try source.read(named: name), source.description)
    }
}

extension Console {
    /// Says what is not done as files say, unless the user wants quiet.
    func warn(_ warnings: [String]) {
        if isQuiet { return }
        for warning in warnings { self.warning(warning) }
    }

    /// Says what a lab that is up may lack: what this machine cannot do, and, unless the user wants quiet, pods that do not run
    /// and commands that failed.
    func warn(about report: UpReport) {
        for warning in report.warnings { self.warning(warning) }
        warn((report.pendingPods ?? []).map(\.text))
        warn(report.commandFailures ?? [])
    }
}
