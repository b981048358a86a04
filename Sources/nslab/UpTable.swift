import NSLabKit

/// What `nslab up` prints for people: the lab, the probes, the time.
struct UpTable {
    let report: UpReport
    let console: Console

    var text: String {
        var text = report.wasThere ? "lab \(report.lab) is up already; nothing had to change\n" : ""
        if report.answersAgain {
            text = "lab \(report.lab) is up already; its pods answer again\n"
        }
        if !console.isQuiet {
            text += NamespaceTable.text(report.namespaces.filter { $0.state != "not checked" })
            text += uncheckedText(report.unchecked)
            for pod in report.pendingPods ?? [] { text += "\(pod.text)\n" }
            for note in report.notes { text += "\(note)\n" }
        }
        if let probes = report.probes { text += ProbeTable(report: probes, console: console).text }
        if !report.changes.isEmpty {
            let count = report.changes.count
            text += "lab \(report.lab) was changed in \(milliseconds(report.timing.total)): "
            text += "\(count) operation\(count == 1 ? "" : "s")"
            if let probes = report.probes { text += "; probes \(milliseconds(probes.duration))" }
            text += "\n"
        } else if !report.wasThere {
            let timing = report.timing
            text += "lab \(report.lab) is up in \(milliseconds(timing.total)): plan \(milliseconds(timing.plan)), "
            text += "namespaces \(milliseconds(timing.namespaces)), netlink \(milliseconds(timing.netlink))"
            text += timing.services > 0 ? ", services \(milliseconds(timing.services))" : ""
            if let probes = report.probes { text += "; probes \(milliseconds(probes.duration))" }
            text += "\n"
        }
        return text
    }
}

/// Says of how many namespaces nothing is known but what they should be.
func uncheckedText(_ count: Int) -> String {
    guard count > 0 else { return "" }
    var digits = String(count)
    for index in stride(from: digits.count - 3, to: 0, by: -3) {
        digits.insert(",", at: digits.index(digits.startIndex, offsetBy: index))
    }
    return "\(digits) namespace\(count == 1 ? "" : "s") not checked; run nslab verify\n"
}

/// The namespaces of a lab in containerlab's table.
enum NamespaceTable {
    /// The most namespaces that are shown one by one; of a larger lab's pods only their number is.
    private static let longest = 60

    static func text(_ namespaces: [NamespaceReport]) -> String {
        var table = Table("Name", "Kind", "Network namespace", "State", "Addresses")
        let shown =
            namespaces.count <= longest ? namespaces : namespaces.filter { $0.kind != "pod" || $0.state != "up" }
        for namespace in shown {
            let kind = namespace.kind + (namespace.node.map { "\non \($0)" } ?? "")
            table.add([
                namespace.name, kind, namespace.netns, namespace.state, namespace.addresses.joined(separator: "\n"),
            ])
        }
        let hidden = namespaces.count - shown.count
        return table.text + (hidden > 0 ? "and \(hidden) pods that are up; `nslab inspect -o json` shows all\n" : "")
    }
}
