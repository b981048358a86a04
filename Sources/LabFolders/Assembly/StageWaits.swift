import Topology

/// What nodes of a containerlab topology wait for, as numbers of other nodes' commands.
struct StageWaits {
    typealias Wait = ContainerlabTopology.Wait
    typealias Moment = ContainerlabStage.Moment

    /// By node, what it waits for.
    private var waits: [String: [Wait]] = [:]
    /// By node, the moments of its commands, in order.
    private let moments: [String: [Moment]]

    /// - Parameters:
    ///   - moments: by node, the moment of each of its commands, in order.
    init(_ nodes: [ContainerlabTopology.Node], moments: [String: [Moment]], _ diagnostics: inout Diagnostics) {
        self.moments = moments
        let names = Set(nodes.map(\.name))
        for node in nodes {
            for wait in node.waits {
                guard names.contains(wait.other) else {
                    let near = suggestion(for: wait.other, among: names.sorted())
                    diagnostics.warn(
                        at: wait.place,
                        "\(node.name) waits for \(wait.other), and there is no such node"
                            + (near.map { "; did you mean \"\($0)\"?" } ?? "; it is not waited for"))
                    continue
                }
                guard wait.finished != .exit else {
                    diagnostics.warn(
                        at: wait.place,
                        "\(node.name) waits for the end of \(wait.other), and a host of a lab runs until the lab is gone; it is not waited for"
                    )
                    continue
                }
                if depends(wait.other, wait.finished.moment, on: node.name, wait.stage.moment) {
                    diagnostics.warn(
                        at: wait.place,
                        "\(node.name) and \(wait.other) wait for each other, which containerlab refuses; \(node.name) does not wait here"
                    )
                    continue
                }
                waits[node.name, default: []].append(wait)
            }
        }
    }

    /// Whether a node, to finish what it does until a moment, needs another to have entered one.
    private func depends(_ node: String, _ moment: Moment, on other: String, _ entered: Moment) -> Bool {
        (reached(from: [(node, moment)])[other]).map { $0 >= entered } ?? false
    }

    /// The nodes that are waited for where some are waited for up to moments, each with the latest moment; those among them.
    private func reached(from first: [(node: String, moment: Moment)]) -> [String: Moment] {
        var latest: [String: Moment] = [:]
        var open = first
        while let (node, moment) = open.popLast() {
            if let seen = latest[node], seen >= moment { continue }
            latest[node] = moment
            for wait in waits[node] ?? [] where wait.stage.moment <= moment {
                open.append((wait.other, wait.finished.moment))
            }
        }
        return latest
    }

    /// What each command of a node waits for: by node, how many of its commands. What an earlier one waited for is not said
    /// again.
    func ofCommands(of node: String) -> [[String: Int]] {
        var waited: [String: Int] = [:]
        var last: Moment?
        return (moments[node] ?? []).map { moment in
            if moment == last { return [:] }
            last = moment
            let own = (waits[node] ?? []).filter { $0.stage.moment <= moment }
            var needed: [String: Int] = [:]
            for (other, moment) in reached(from: own.map { ($0.other, $0.finished.moment) }) where other != node {
                let count = (moments[other] ?? []).count { $0 <= moment }
                if count > waited[other, default: 0] { needed[other] = count }
            }
            waited.merge(needed) { max($0, $1) }
            return needed
        }
    }
}
