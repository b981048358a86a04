/// Rows and columns in a frame, as containerlab prints them.
struct Table {
    private var rows: [[String]]

    /// A table with these column heads.
    init(_ heads: String...) { rows = [heads] }

    /// Adds a row; a cell may have several lines.
    mutating func add(_ cells: [String]) { rows.append(cells) }

    /// The table as text, with a line break at the end.
    var text: String {
        let lines = rows.map { $0.map { $0.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) } }
        let widths = (0..<rows[0].count).map { column in
            lines.map { $0[column].map(\.count).max() ?? 0 }.max() ?? 0
        }
        func rule(_ left: String, _ middle: String, _ right: String) -> String {
            left + widths.map { String(repeating: "─", count: $0 + 2) }.joined(separator: middle) + right + "\n"
        }
        var text = rule("╭", "┬", "╮")
        for (index, row) in lines.enumerated() {
            for line in 0..<(row.map(\.count).max() ?? 0) {
                for (column, cell) in row.enumerated() {
                    let part = line < cell.count ? cell[line] : ""
                    text += "│ " + part + String(repeating: " ", count: widths[column] - part.count) + " "
                }
                text += "│\n"
            }
            if index == 0 { text += rule("├", "┼", "┤") }
        }
        return text + rule("╰", "┴", "╯")
    }
}
