import ArgumentParser
import NSLabKit
import Topology

/// `nslab impair`
struct Impair: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "impair",
        abstract: "Delay, lose and slow down the frames of a link; without options, show what they suffer.",
        discussion: """
            NAME:INTERFACE is one end of a link, such as dual-stack-worker:eth1. Conditions are those of the frames that \
            leave by it (--direction out), of those that arrive there (in), or of both. They take the place of all that \
            the direction had before.
            """)

    @Argument(
        help: ArgumentHelp("The link, by one end.", valueName: "name:interface"),
        completion: .custom { _, _, _ in Lab.linkNames() })
    var link: String

    @Option(help: ArgumentHelp("Which frames, seen from that end.", valueName: "out|in|both"))
    var direction: LinkDirection = .out

    @Option(
        help: ArgumentHelp("How long each takes: 20ms.", valueName: "time"),
        transform: { try LinkConditions.duration($0) })
    var delay: UInt64?

    @Option(
        help: ArgumentHelp("How far the delay varies to either side: 5ms.", valueName: "time"),
        transform: { try LinkConditions.duration($0) })
    var jitter: UInt64?

    @Option(
        help: ArgumentHelp("How many are lost: 1%.", valueName: "share"), transform: { try LinkConditions.share($0) })
    var loss: UInt32?

    @Option(
        help: ArgumentHelp("How many arrive twice.", valueName: "share"), transform: { try LinkConditions.share($0) })
    var duplicate: UInt32?

    @Option(
        help: ArgumentHelp("How many overtake those that are on their way.", valueName: "share"),
        transform: { try LinkConditions.share($0) })
    var reorder: UInt32?

    @Option(
        help: ArgumentHelp("How many arrive with a bit turned over.", valueName: "share"),
        transform: { try LinkConditions.share($0) })
    var corrupt: UInt32?

    @Option(
        help: ArgumentHelp("The most bits in a second: 10mbit.", valueName: "rate"),
        transform: { try LinkConditions.rate($0) })
    var rate: UInt64?

    @Flag(help: "Take all conditions away.")
    var clear = false

    @OptionGroup var labOption: LabOption

    @OptionGroup var global: GlobalOptions

    /// What was asked for; nil if nothing was.
    private var given: LinkConditions? {
        if delay == nil, jitter == nil, loss == nil, duplicate == nil, reorder == nil, corrupt == nil, rate == nil {
            return nil
        }
        return LinkConditions(
            delay: delay ?? 0, jitter: jitter ?? 0, loss: loss ?? 0, duplicate: duplicate ?? 0, reorder: reorder ?? 0,
            corrupt: corrupt ?? 0, rate: rate)
    }

    func validate() throws {
        if clear, given != nil { throw ValidationError("give conditions, or --clear, but not both") }
    }

    func run() throws {
        let console = global.console
        try Privilege.require(for: "nslab impair")
        let report = try Lab.running(labOption.lab).impair(link, clear ? LinkConditions.none : given, direction) {
            lab in
            console.progress("another nslab command works on lab \(lab); waiting for it")
        }
        try console.print(report) {
            if global.quiet, clear || given != nil { return "" }
            if report.conditions.isEmpty { return "\(report.link): no conditions\n" }
            return report.conditions.map { "\($0.text)\n" }.joined()
        }
    }
}

extension LinkDirection: ExpressibleByArgument {}
