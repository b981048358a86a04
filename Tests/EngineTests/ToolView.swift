import Blueprint
import Foundation
import KernelTestSupport
import Testing

/// What ip(8), bridge(8), nft(8) and the files below /proc tell of one namespace.
struct ToolView {
    /// Links with their addresses, by name: `ip -d -j address`.
    let links: [String: Object]
    /// Both families' routes of the main table, with every number as a number: `ip -N -d -j route`.
    let routes: [Object]
    let neighbours: [Object]
    let forwarding: [Object]
    let vlans: [Object]
    /// Root queueing disciplines that someone installed: `LINK tbf rate BYTES`, `LINK netem delay SECONDS rate BYTES`.
    let qdiscs: Set<String>
    /// The values of the settings that were asked for, by path; nil for one that is not there.
    let settings: [String: String]
    /// `FAMILY NAME`.
    let tables: Set<String>

    typealias Object = [String: Any]

    /// Asks the tools about a pinned namespace.
    init(_ pin: String, settings paths: [String]) throws {
        let ip = try Self.batch(
            ["ip", "-N", "-d", "-j", "-n", pin], ["address", "route show table main", "neighbour show nud permanent"])
        let ip6 = try Self.batch(["ip", "-6", "-N", "-d", "-j", "-n", pin], ["route show table main"])
        let bridge = try Self.batch(["bridge", "-j", "-n", pin], ["fdb show", "vlan show"])
        links = Dictionary(ip[0].map { ($0["ifname"] as? String ?? "", $0) }, uniquingKeysWith: { first, _ in first })
        routes = ip[1] + ip6[0]
        neighbours = ip[2]
        forwarding = bridge[0]
        vlans = bridge[1]
        tables = Set(
            try Witness.output(["nft", "list", "tables"], in: pin).split(separator: "\n").map {
                String($0.dropFirst(6))
            })
        // Those of the kernel's own choice have the handle 0.
        qdiscs = Set(
            try Witness.json("tc -j qdisc show", in: pin).filter { $0["handle"] as? String != "0:" }.map { qdisc in
                let options = qdisc["options"] as? Object ?? [:]
                let name = "\(qdisc["dev"] ?? "-") \(qdisc["kind"] ?? "-")"
                guard name.hasSuffix(" netem") else { return "\(name) rate \(options["rate"] ?? "-")" }
                let delay = (options["delay"] as? Object)?["delay"] as? Double ?? 0
                return "\(name) delay \(delay) rate \((options["rate"] as? Object)?["rate"] ?? "-")"
            })
        // One process for all of them, and a line each; a file that is not there leaves its line empty.
        let script = "cd /proc/sys/net; for path do cat \"$path\" 2>/dev/null || echo; done"
        let lines = try Witness.output(["sh", "-c", script, "sh"] + paths, in: pin)
            .split(separator: "\n", omittingEmptySubsequences: false)
        settings = Dictionary(zip(paths, lines.map(String.init)), uniquingKeysWith: { first, _ in first })
    }

    /// Runs several commands in one process; each prints a list of objects.
    private static func batch(_ tool: [String], _ commands: [String]) throws -> [[Object]] {
        let text = try Witness.output(tool + ["-batch", "-"], input: commands.joined(separator: "\n") + "\n")
        var lists: [[Object]] = []
        // A command that finds nothing prints an empty list, or nothing but a line break.
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).prefix(commands.count) {
            let list = line.isEmpty ? [] : try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [Object]
            lists.append(try #require(list, "\(tool) printed \(line)").filter { !$0.isEmpty })
        }
        try #require(lists.count == commands.count, "\(tool) printed \(text)")
        return lists
    }
}
