import ArgumentParser
import Glibc
import NSLabKit

/// `nslab trace`
struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Send one packet and show its way through the lab, and its answer's, hop by hop.",
        discussion: """
            Each place where it was seen is a line, and below it what the packet has become since the one before: other \
            addresses (NAT), a tunnel's packet around it, another frame. Nothing is worked out: the kernel's own capture of every \
            interface says so. Exit status 0 only if the answer came.
            """)

    @Argument(help: "The namespace that it is sent from.", completion: .custom { _, _, _ in Lab.namespaceNames() })
    var source: String

    @Argument(
        help: "A namespace, an address, or service/NAME.", completion: .custom { _, _, _ in Lab.namespaceNames() })
    var destination: String

    @Flag(name: .customShort("4"), help: "To the destination's IPv4 address.")
    var ipv4 = false

    @Flag(name: .customShort("6"), help: "To its IPv6 address.")
    var ipv6 = false

    @Option(help: ArgumentHelp("Connect to this port instead of an echo request.", valueName: "port"))
    var tcp: UInt16?

    @Option(help: ArgumentHelp("Send a datagram to this port instead.", valueName: "port"))
    var udp: UInt16?

    @Option(help: ArgumentHelp("How many bytes it carries.", valueName: "bytes"))
    var size = 56

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Send this many packets, one after the other.", valueName: "number"))
    var count = 1

    @Flag(help: "Send a packet each second until Ctrl-C; show the way again where it has changed.")
    var watch = false

    @Option(
        help: ArgumentHelp("Wait this long for the answer: 500ms, 10s.", valueName: "time"),
        transform: CaptureQuantity.duration)
    var wait: Duration?

    @Option(help: ArgumentHelp("Print the path as a diagram in this language.", valueName: "mermaid"))
    var diagram: DiagramFormat?

    @OptionGroup var labOption: LabOption

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if ipv4, ipv6 { throw ValidationError("give -4, or -6, but not both") }
        if tcp != nil, udp != nil { throw ValidationError("give --tcp, or --udp, but not both") }
        if tcp == 0 || udp == 0 { throw ValidationError("a port is a number from 1 to 65535") }
        if !(1...1000).contains(count) { throw ValidationError("--count takes a number from 1 to 1000") }
        if watch, count != 1 || diagram != nil || global.output != .table {
            throw ValidationError(
                "--watch prints lines until it is ended: it goes with neither --count, --diagram nor -o")
        }
        if diagram != nil, count != 1 { throw ValidationError("--diagram is of one packet: leave --count out") }
        if !(16...65000).contains(size) { throw ValidationError("--size takes a number from 16 to 65000") }
    }

    private var probe: TraceProbe? { tcp.map { .tcp($0) } ?? udp.map { .udp($0) } }

    func run() throws {
        let console = global.console
        try Privilege.require(for: "nslab trace")
        let lab = try Lab.running(labOption.lab)
        if watch { return try follow(lab, console) }
        var report = try trace(lab)
        if count > 1 { report.further = try (1..<count).map { _ in try trace(lab) } }
        switch diagram {
        case .mermaid?: try Console.output(TraceDiagram(report: report).mermaid)
        case nil:
            try console.print(report) {
                ([report] + (report.further ?? [])).map { TraceText($0, console).text }.joined()
            }
        }
        if !([report] + (report.further ?? [])).allSatisfy(\.answered) { throw ExitStatus.failed }
    }

    private func trace(_ lab: Lab, cancellation: Cancellation = .none) throws -> TraceReport {
        try lab.trace(
            from: source, to: destination, family: ipv4 ? .ipv4 : ipv6 ? .ipv6 : nil, probe: probe, size: size,
            patience: wait, cancellation: cancellation)
    }

    /// Sends packets until somebody asks for the end.
    private func follow(_ lab: Lab, _ console: Console) throws {
        let cancellation = Cancellation.signals
        cancellation.hold()
        defer { cancellation.release() }
        var (last, number): (TraceReport?, Int) = (nil, 0)
        while true {
            let next = ContinuousClock.now + .seconds(1)
            let report = try trace(lab, cancellation: cancellation)
            // One that was asked to end while it waited says nothing.
            if cancellation.isRequested(), !report.answered { break }
            number += 1
            let text = last?.way == report.way ? "the same way: \(report.outcome)\n" : TraceText(report, console).text
            try Console.output("\(number): \(text)")
            last = report
            while !cancellation.isRequested(), ContinuousClock.now < next { usleep(20_000) }
            if cancellation.isRequested() { break }
        }
        cancellation.acknowledge()
        if last?.answered != true { throw ExitStatus.failed }
    }
}

/// The languages of diagrams.
enum DiagramFormat: String, ExpressibleByArgument, CaseIterable {
    /// Sequence diagrams of Mermaid (https://mermaid.js.org/syntax/sequenceDiagram.html).
    case mermaid
}

/// A trace for people: a line a hop, and below it what has changed.
private struct TraceText {
    private let report: TraceReport
    private let console: Console

    init(_ report: TraceReport, _ console: Console) { (self.report, self.console) = (report, console) }

    /// The most columns of a line.
    private static let width = 100

    var text: String {
        let port = report.port.map { " port \($0)" } ?? ""
        var text = "\(report.from) → \(report.to) (\(report.address)), \(report.protocol)\(port)\n"
        let width = report.hops.map { $0.interface.count + $0.namespace.count + 1 }.max() ?? 0
        var leg = ""
        for hop in console.isQuiet ? [] : report.hops {
            if hop.leg != leg { text += "\(hop.leg)\n" }
            leg = hop.leg
            let name = "\(hop.namespace):\(hop.interface)"
            let time = "\(Int(hop.time * 1e6))"
            text += padded(time, 8, isRight: true) + " µs  \(padded(hop.direction, 3))  \(padded(name, width))  "
            text += "TTL \(hop.ttl)\n"
            for line in hop.changes.flatMap(lines) + hop.decisions.flatMap(lines) {
                text += String(repeating: " ", count: 18) + line + "\n"
            }
        }
        for note in report.notes ?? [] { text += console.doubtful("! ") + note + "\n" }
        text += (report.answered ? console.good("✓ ") : console.bad("✗ ")) + report.outcome + "\n"
        guard let cause = report.cause else { return text }
        text += "  \(cause.kind): \(cause.text)\n"
        if let difference = cause.difference { text += "  not as `up` made it: \(difference)\n" }
        return text
    }

    private func lines(_ change: TraceReport.Change) -> [String] {
        var lines: [String]
        switch change.kind {
        case "encapsulation": lines = ["into \(change.after)"]
        case "decapsulation": lines = ["out of \(change.after)"]
        default:
            let before = change.before.map { "\($0) → " } ?? ""
            lines = ["\(change.kind) \(before)\(change.after)"]
        }
        if let frame = change.innerFrame { lines.append("  frame inside \(frame)") }
        // Two addresses of IPv6 are longer than a line.
        return lines.flatMap { line in
            guard line.count > Self.width - 18, let arrow = line.firstIndex(of: "→") else { return [line] }
            return [String(line[..<arrow]), "  \(line[arrow...])"]
        }
    }

    private func lines(_ decision: TraceReport.Decision) -> [String] {
        // Most connections are only known, and most rules only lead on to others: those that decide are shown, and all in the
        // document.
        if let connection = decision.connection, !connection.translated { return [] }
        guard let chain = decision.chain, let verdict = decision.verdict else {
            return folded("by \(decision.kind) \(decision.entry)")
        }
        let translates = ["dnat", "snat", "masquerade", "redirect", "reject"].contains { decision.entry.contains($0) }
        guard translates || decision.object != nil || verdict == "drop" || verdict.hasPrefix("goto") else { return [] }
        let object = decision.object.map { " (\($0))" } ?? ""
        return folded("by nft \(chain)\(object)") + folded("  \(decision.entry)")
    }

    /// A line as several that fit, each but the first further in.
    private func folded(_ line: String) -> [String] {
        let width = Self.width - 18
        var (lines, rest) = ([String](), line[...])
        while rest.count > width {
            let space = rest.prefix(width).lastIndex(of: " ")
            // A word that is longer than a line is cut.
            let end = space.flatMap { rest[..<$0].allSatisfy { $0 == " " } ? nil : $0 }
            lines.append(String(end.map { rest[..<$0] } ?? rest.prefix(width)))
            rest = "    " + (end.map { rest[rest.index(after: $0)...] } ?? rest.dropFirst(width))
        }
        return lines + [String(rest)]
    }

    private func padded(_ text: String, _ width: Int, isRight: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return isRight ? space + text : text + space
    }
}

/// A trace as a diagram: an arrow from each namespace to the next.
private struct TraceDiagram {
    let report: TraceReport

    var mermaid: String {
        var text = "sequenceDiagram\n"
        var numbers: [String: Int] = [:]
        for hop in report.hops where numbers[hop.namespace] == nil {
            numbers[hop.namespace] = numbers.count
            text += "    participant n\(numbers[hop.namespace]!) as \(hop.namespace)\n"
        }
        for (before, hop) in zip(report.hops, report.hops.dropFirst()) {
            for change in hop.changes where change.kind != "frame" {
                let words = (change.before.map { "\($0) → " } ?? "") + change.after
                text += "    Note over n\(numbers[hop.namespace]!): \(change.kind) \(escaped(words))\n"
            }
            if before.leg == hop.leg, before.namespace != hop.namespace {
                let arrow = hop.leg == "request" ? "->>" : hop.leg == "reply" ? "-->>" : "--x"
                text += "    n\(numbers[before.namespace]!)\(arrow)n\(numbers[hop.namespace]!): "
                text += escaped("\(before.interface) → \(hop.interface), TTL \(hop.ttl)") + "\n"
            }
        }
        return text + "    Note over n0: \(escaped(report.outcome))\n"
    }

    /// Text in which nothing means something to Mermaid.
    private func escaped(_ text: String) -> String { text.replacing(";", with: "#59;") }
}
