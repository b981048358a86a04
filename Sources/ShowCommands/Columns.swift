/// Rows under heads with a rule of dashes, as EOS prints tables.
struct Columns {
    struct Column {
        var heads: [String]
        var width: Int
        var alignsRight: Bool
        /// The spaces after it.
        var gap: Int

        /// A column that is at least this wide; several heads stand above each other.
        init(_ heads: String..., width: Int = 0, alignsRight: Bool = false, gap: Int = 1) {
            self.heads = heads
            self.width = width
            self.alignsRight = alignsRight
            self.gap = gap
        }
    }

    private var columns: [Column]
    private var rows: [[String]] = []
    private let rule: Rule

    /// What is under the heads.
    enum Rule {
        case none
        /// Dashes as wide as the column.
        case columns
        /// Dashes as wide as the head.
        case heads
    }

    init(_ columns: Column..., rule: Rule = .columns) {
        self.columns = columns
        self.rule = rule
    }

    /// Adds a row of one cell a column.
    mutating func add(_ cells: String...) { rows.append(cells) }

    /// The table, with a line break at the end of each line and no space before it.
    var text: String {
        let heads = columns.map(\.heads.count).max() ?? 0
        var lines = (0..<heads).map { line in
            columns.map { column in
                let position = line - (heads - column.heads.count)
                return position < 0 ? "" : column.heads[position]
            }
        }
        let widths = columns.indices.map { index in
            max(columns[index].width, (lines + rows).map { $0[index].count }.max() ?? 0)
        }
        switch rule {
        case .none: break
        case .columns: lines.append(widths.map { String(repeating: "-", count: $0) })
        case .heads:
            lines.append(
                columns.map { String(($0.heads.last ?? "").enumerated().map { $1 == " " && $0 == 0 ? " " : "-" }) })
        }
        return (lines + rows).map { cells in
            var line = cells.indices.map { index in
                let padding = String(repeating: " ", count: widths[index] - cells[index].count)
                let gap = String(repeating: " ", count: columns[index].gap)
                return (columns[index].alignsRight ? padding + cells[index] : cells[index] + padding) + gap
            }.joined()
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}

/// A duration as EOS writes the age of an entry: `0:02:05`, and from a day on `9 days, 15:57:28`.
func ageText(_ seconds: Double?) -> String {
    guard let seconds else { return "N/A" }
    let whole = Int(seconds.rounded(.down))
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let time = "\(whole / 3600 % 24):\(two(whole / 60 % 60)):\(two(whole % 60))"
    let days = whole / 86400
    return days == 0 ? time : "\(days) day\(days == 1 ? "" : "s"), \(time)"
}
