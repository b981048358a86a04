import ArgumentParser
import NSLabKit
import YAML

/// Reports that other programs read instead of a table.
enum ReportFormat: String, ExpressibleByArgument, CaseIterable {
    /// The XML of JUnit, as continuous integration reads it.
    case junit
    /// The Test Anything Protocol, version 14 (https://testanything.org/tap-version-14-specification.html).
    case tap
}

extension ProbeReport {
    /// The report in another program's format.
    ///
    /// - Parameter lab: the lab's name.
    func document(_ format: ReportFormat, lab: String) -> String {
        switch format {
        case .junit: junit(lab)
        case .tap: tap()
        }
    }

    private func tap() -> String {
        var text = "TAP version 14\n1..\(results.count)\n"
        for (index, result) in results.enumerated() {
            text += "\(result.ok ? "ok" : "not ok") \(index + 1) - \(result.title.replacing("#", with: "\\#"))\n"
            guard let failure = result.failure else { continue }
            text += "  ---\n  message: \(YAMLWriter.quoted(failure))\n"
            if let cause = result.cause { text += "  cause: \(YAMLWriter.quoted("\(cause)"))\n" }
            text += "  ...\n"
        }
        return text
    }

    private func junit(_ lab: String) -> String {
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        text += "<testsuites name=\"nslab\" tests=\"\(results.count)\" failures=\"\(failed)\" errors=\"0\""
        text += " time=\"\(decimal(duration, digits: 6))\">\n"
        // One suite for each line of the table.
        for group in groups {
            let members = results.filter {
                $0.check == group.title && $0.path == group.path && $0.family == group.family
            }
            let name = "\(group.title) \(group.family) \(group.path)"
            text += "  <testsuite name=\"\(Self.escaped(name))\" tests=\"\(members.count)\""
            text += " failures=\"\(members.count { !$0.ok })\" errors=\"0\">\n"
            for result in members {
                text += "    <testcase classname=\"\(Self.escaped(lab))\" name=\"\(Self.escaped(result.title))\""
                text += " time=\"\(decimal(result.rtt ?? 0, digits: 6))\""
                if let failure = result.failure {
                    text += ">\n      <failure message=\"\(Self.escaped(failure))\""
                    if let cause = result.cause { text += " type=\"\(Self.escaped("\(cause)"))\"" }
                    text += "/>\n    </testcase>\n"
                } else {
                    text += "/>\n"
                }
            }
            text += "  </testsuite>\n"
        }
        return text + "</testsuites>\n"
    }

    /// Text inside an attribute (XML 1.0, 2.3). What a name can hold and XML cannot is replaced.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "\n": escaped += "&#10;"
            case "\u{0}"..."\u{1f}", "\u{fffe}", "\u{ffff}": escaped += "\u{fffd}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

extension ProbeReport.Result {
    /// What was checked, in a line.
    fileprivate var title: String {
        "\(from) → \(to) (\(address)\(name.map { ", \($0)" } ?? ""), \(family), \(check), \(path))"
    }
}
