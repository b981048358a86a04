import NSLabKit

/// A probe report for people: a line for each kind of path, and a paragraph for each cause of failures.
struct ProbeTable {
    let report: ProbeReport
    let console: Console

    var text: String {
        var table = Table("Probe", "Family", "Path", "TTL", "Passed", "Round trip (ms)")
        for group in report.groups {
            let passed = "\(group.passed)/\(group.total)"
            table.add([
                group.title, group.family, group.path,
                group.expectedTTLs.isEmpty ? "–" : group.expectedTTLs.map(String.init).joined(separator: ", "), passed,
                group.roundTrips.map { "\(decimal($0.lowerBound * 1000)) – \(decimal($0.upperBound * 1000))" } ?? "–",
            ])
        }
        let total = report.passed + report.failed
        if total == 0 {
            return console.doubtful("! ")
                + "nothing was probed: nobody in this lab has an address that another could ask for\n"
        }
        var text = console.isQuiet ? "" : table.text
        if !console.isQuiet { for sentence in (report.unreachable ?? []) + unprobed { text += sentence + "\n" } }
        for failures in report.failuresByCause { text += self.text(failures) }
        if report.failed > 0 {
            text += console.bad("✗ ") + "\(report.failed) of \(total) probes failed\n"
        } else if report.unreachable == nil {
            text += console.good("✓ ") + "all \(total) probes passed\n"
        } else {
            // Who is told that all is well would not look for what cannot be reached.
            text += console.doubtful("! ") + "\(total) probes passed; not everything in this lab can be reached\n"
        }
        return text
    }

    /// What is wrong, and a line for each group of probes that failed for it.
    private func text(_ failures: ProbeReport.Failures) -> String {
        let count = failures.results.count
        var text = console.bad("✗ ") + (failures.cause?.description ?? "no cause found")
        text += ": \(count) probe\(count == 1 ? "" : "s")\n"
        var order: [[String]] = []
        var groups: [[String]: [ProbeReport.Result]] = [:]
        for result in failures.results {
            let key = [result.check, result.family, result.path]
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(result)
        }
        for key in order {
            guard let group = groups[key], let first = group.first else { continue }
            // Without a cause each one has to be looked into; with one, one shows what the others are like.
            for result in failures.cause == nil ? group : [first] {
                let place = "\(result.from) → \(result.to) (\(result.address)\(result.name.map { ", \($0)" } ?? ""))"
                let others = failures.cause != nil && group.count > 1 ? ", and \(group.count - 1) more" : ""
                text += "  \(key.joined(separator: ", ")): \(place): \(result.finding ?? "failed")\(others)\n"
            }
        }
        return text
    }

    /// A sentence for each reason that services are not probed.
    private var unprobed: [String] {
        var reasons: [String] = []
        var titles: [String: [String]] = [:]
        for gap in report.unprobed ?? [] {
            if titles[gap.reason] == nil { reasons.append(gap.reason) }
            titles[gap.reason, default: []].append(gap.title)
        }
        return reasons.map { reason in
            let all = titles[reason] ?? []
            let more = all.count > Self.listed ? " and \(all.count - Self.listed) more" : ""
            return "not probed: \(all.prefix(Self.listed).joined(separator: ", "))\(more): \(reason)"
        }
    }

    /// How many of one kind are listed by name.
    private static let listed = 5
}

/// Seconds as milliseconds with a tenth: `12.3 ms`.
func milliseconds(_ seconds: Double) -> String { "\(decimal(seconds * 1000, digits: 1)) ms" }

/// A number with a fixed count of digits after the point.
func decimal(_ value: Double, digits: Int = 2) -> String {
    var scale = 1
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int((value * Double(scale)).rounded())
    let fraction = String(scaled % scale)
    return "\(scaled / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
}
