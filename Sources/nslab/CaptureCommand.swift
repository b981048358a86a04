import ArgumentParser
import Glibc
import NSLabKit

/// `nslab capture`
struct CaptureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture",
        abstract: "Capture packets of all of a lab's interfaces at once, in order of time.",
        discussion: """
            On a terminal each packet is a line. Otherwise, and with -w, it is pcapng with an interface for each of the lab's, \
            for Wireshark and its like: nslab capture | wireshark -k -i - . FILTER is in tcpdump's language, such as \
            udp port 4789. Ctrl-C ends the capture, which is complete then.
            """)

    @Argument(help: "Which packets (pcap-filter(7)).")
    var filter: [String] = []

    @Option(
        name: .customShort("w"),
        help: ArgumentHelp("Write pcapng to this file; - is standard output.", valueName: "file"),
        completion: .file(extensions: ["pcapng"]))
    var file: String?

    @Flag(help: "Print lines, also where standard output is no terminal.")
    var text = false

    @Option(
        help: ArgumentHelp(
            "Only these, with commas between them: worker, worker:eth1, pod/*, *:vxlan*.", valueName: "name[:interface]"
        ),
        completion: .custom { _, _, _ in Lab.linkNames() })
    var on: String?

    @Option(help: ArgumentHelp("Only on links of this kind: veth, vxlan, bridge, ipip, loopback.", valueName: "kind"))
    var kind: [String] = []

    @Option(
        name: .customLong("for"), help: ArgumentHelp("End after this time: 10s, 500ms, 5m.", valueName: "time"),
        transform: CaptureQuantity.duration)
    var duration: Duration?

    @Option(name: .shortAndLong, help: ArgumentHelp("End after so many packets.", valueName: "number"))
    var count: UInt64?

    @Option(
        help: ArgumentHelp("The most memory that the kernel collects packets in: 100M.", valueName: "size"),
        transform: CaptureQuantity.size)
    var ring: Int?

    @Flag(help: "Show what tunnels carry beside the packets that carry it.")
    var decap = false

    @OptionGroup var labOption: LabOption

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if text, file != nil { throw ValidationError("give --text, or -w, but not both") }
        if global.output != .table, !isToFile {
            throw ValidationError("-o \(global.output.rawValue) is of the counts: give a file with -w for the packets")
        }
        if file == "-", isatty(STDOUT_FILENO) == 1 {
            throw ValidationError(
                "-w - writes binary data, and standard output is a terminal: send it to a program or file")
        }
        if count == 0 { throw ValidationError("--count takes a number from 1 on") }
    }

    /// Whether the packets go to a file and leave standard output to the counts.
    private var isToFile: Bool { file.map { $0 != "-" } ?? false }

    private var destination: CaptureDestination {
        if let file, file != "-" { return .file(file) }
        if text || (file == nil && isatty(STDOUT_FILENO) == 1) { return .lines(Console.output) }
        return .stream(STDOUT_FILENO, name: "standard output")
    }

    func run() throws {
        let console = global.console
        try Privilege.require(for: "nslab capture")
        let lab = try Lab.running(labOption.lab)
        var request = CaptureRequest()
        request.places = on.map { $0.split(separator: ",").map(String.init) } ?? []
        request.kinds = kind
        request.filter = filter.isEmpty ? nil : filter.joined(separator: " ")
        request.duration = duration
        request.limit = count
        request.isDecapsulating = decap
        if let ring { request.memory = ring }
        let report = try lab.capture(request, to: destination, cancellation: .signals) { namespaces in
            console.progress("capturing in \(counted(namespaces, "namespace")) of lab \(lab.name)")
        }
        guard isToFile else { return console.progress(report.text) }
        try console.print(report) { global.quiet ? "" : "\(report.text)\n" }
    }
}

extension CaptureReport {
    /// The counts in a line.
    fileprivate var text: String {
        var text = "\(counted(Int(packets), "packet")) on \(counted(interfaces.count, "interface"))"
        text += ", \(dropped) dropped by the kernel"
        if let file { text += "; \(file)" }
        if dropped > 0 {
            text += "\nthe kernel had no room for all: capture less (a filter, --on), or give it more memory (--ring)"
        }
        if unordered > 0 {
            text +=
                "\nthe machine was busy: \(counted(Int(unordered), "packet")) not in order of time (reordercap puts them so)"
        }
        return text
    }
}

/// `1 packet`, `2 packets`.
private func counted(_ number: Int, _ what: String) -> String { "\(number) \(what)\(number == 1 ? "" : "s")" }

/// Times and sizes on the command line.
enum CaptureQuantity {
    /// A number with `ms`, `s`, `m` or `h`.
    static func duration(_ text: String) throws -> Duration {
        let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)]
        for (unit, seconds) in units where text.hasSuffix(unit) {
            guard let number = Double(text.dropLast(unit.count)), number > 0, number * seconds < 1e9 else { continue }
            return .seconds(number * seconds)
        }
        throw ValidationError("\"\(text)\" is not a time: a number with ms, s, m or h, such as 10s")
    }

    /// A number of bytes with `K`, `M` or `G`, of at least 1 MiB.
    static func size(_ text: String) throws -> Int {
        let units: [(String, Int)] = [("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30)]
        for (unit, bytes) in units where text.uppercased().hasSuffix(unit) {
            guard let number = Int(text.dropLast()), (1...(1 << 20)).contains(number), number * bytes >= 1 << 20 else {
                continue
            }
            return number * bytes
        }
        throw ValidationError("\"\(text)\" is not a size of 1M or more: a number with K, M or G, such as 100M")
    }
}
