import Addresses

/// Rows and columns as other tools print them, byte for byte.
public struct TextTable: Sendable {
    /// The heads, or the first line.
    private let heads: [String]
    private var rows: [[String]] = []

    public init(_ heads: [String]) { self.heads = heads }

    public mutating func add(_ cells: [String]) { rows.append(cells) }

    /// The text of Go's text/tabwriter: columns as wide as their widest cell and some blanks.
    ///
    /// - Parameters:
    ///   - minimum: the least width of a column, blanks included.
    ///   - endsWithTab: whether the last column has its blanks, too, as where each line ends with a tab.
    public func aligned(minimum: Int, endsWithTab: Bool = false, withHeads: Bool = true) -> String {
        let lines = (withHeads ? [heads] : []) + rows
        let count = lines.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in
            max(minimum, (lines.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0) + 3)
        }
        return lines.map { line in
            line.enumerated().map { column, cell in
                let isLast = column == line.count - 1 && !endsWithTab
                return isLast ? cell : cell.padded(to: widths[column])
            }.joined() + "\n"
        }.joined()
    }

    /// In a frame of `+`, `-` and `|` with heads in the middle (olekukonko/tablewriter): numbers stand right.
    public var framed: String {
        let widths = columnWidths
        let rule = "+" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "+") + "+\n"
        func line(_ cells: [String], _ place: (String, Int) -> String) -> String {
            "|" + zip(cells, widths).map { " \(place($0, $1)) " }.joined(separator: "|") + "|\n"
        }
        var text = rule + line(heads) { $0.centered(in: $1) } + rule
        for row in rows {
            text += line(row) { cell, width in
                let isNumber = !cell.isEmpty && cell.allSatisfy { $0.isNumber || $0 == "." }
                return isNumber ? cell.padded(to: width, left: true) : cell.padded(to: width)
            }
        }
        return rows.isEmpty ? text : text + rule
    }

    /// In a frame with round corners and a rule after each row, whose cells may have several lines (jedib0t/go-pretty).
    public var rounded: String {
        let cells = ([heads] + rows).map { row in
            row.map { $0.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }
        }
        let widths = columnWidths
        func rule(_ left: String, _ middle: String, _ right: String) -> String {
            left + widths.map { String(repeating: "─", count: $0 + 2) }.joined(separator: middle) + right + "\n"
        }
        var text = rule("╭", "┬", "╮")
        for (index, row) in cells.enumerated() {
            if index > 0 { text += rule("├", "┼", "┤") }
            for line in 0..<(row.map(\.count).max() ?? 0) {
                text += "│"
                for (column, cell) in row.enumerated() {
                    let part = line < cell.count ? cell[line] : ""
                    text += " \(index == 0 ? part.centered(in: widths[column]) : part.padded(to: widths[column])) │"
                }
                text += "\n"
            }
        }
        return text + rule("╰", "┴", "╯")
    }

    private var columnWidths: [Int] {
        heads.indices.map { column in
            ([heads] + rows).map { row in
                column < row.count ? row[column].split(separator: "\n").map(\.count).max() ?? 0 : 0
            }.max() ?? 0
        }
    }
}

extension String {
    fileprivate func padded(to width: Int, left: Bool = false) -> String {
        let blanks = String(repeating: " ", count: max(0, width - count))
        return left ? blanks + self : self + blanks
    }

    fileprivate func centered(in width: Int) -> String {
        let room = max(0, width - count)
        return String(repeating: " ", count: room / 2) + self + String(repeating: " ", count: room - room / 2)
    }
}
