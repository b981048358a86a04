import Foundation
import KernelTestSupport
import Testing

/// What `-o json` prints is a contract: every document agrees with its schema under `schema/`, and with the one kept in
/// `Documents/` but for what no two runs have alike. The schemas admit no field that they do not name.
@Suite("JSON documents", .needsRoot, .timeLimit(.minutes(20)))
struct JSONDocumentTests {
    /// A command that prints a document.
    private struct Document {
        /// The document's name in `Documents/`.
        var name: String
        /// The schema's name, where it is not the document's.
        var schema: String?
        /// The command; `LAB` is the lab's name.
        var command: String
        /// What jq takes out of it that no two runs, or no two kernels, have alike.
        var filter = "."
    }

    /// A new `-o json` document has to be put here, with a schema.
    private static let documents = [
        Document(name: "plan", command: "plan FILE"),
        Document(name: "validate", command: "validate FILE"),
        Document(name: "validate-errors", schema: "validate", command: "validate WRONG"),
        Document(name: "up-dry-run", command: "up FILE --name LAB --dry-run", filter: ".operations |= .[:3]"),
        Document(name: "up", command: "up FILE --name LAB"),
        Document(name: "up-again", schema: "up", command: "up FILE --name LAB --no-probe"),
        Document(name: "list", command: "list", filter: "map(select(.lab == \"LAB\"))"),
        Document(name: "inspect", command: "inspect LAB"),
        Document(name: "probe", command: "probe --lab LAB --from a"),
        Document(name: "show-vlan", command: "cli r --lab LAB -c show·vlan"),
        Document(name: "show-interfaces-status", command: "cli r --lab LAB -c show·interfaces·status"),
        Document(
            name: "show-mac-address-table", command: "cli r --lab LAB -c show·mac·address-table",
            filter: ".entries |= (map(.macAddress = \"\") | unique)"),
        Document(
            name: "show-arp", schema: "show-neighbors", command: "cli r --lab LAB -c show·arp",
            filter: ".neighbors |= map(.macAddress = \"\" | .state = \"\")"),
        Document(name: "show-ip-route", schema: "show-route", command: "cli r --lab LAB -c show·ip·route"),
        Document(
            name: "show-ip-interface-brief", schema: "show-interface-brief",
            command: "cli r --lab LAB -c show·ip·interface·brief"),
        Document(name: "verify", command: "verify LAB --strict"),
        Document(name: "pod", command: "pod stop --lab LAB web-POD"),
        Document(
            name: "capture", command: "capture --lab LAB -w /dev/null --for 50ms --on a:eth1 udp·port·9",
            filter: ".namespaces |= map(.name)"),
        Document(name: "trace", command: "trace --lab LAB a b -4", filter: trace),
        Document(
            name: "trace-refused", schema: "trace", command: "trace --lab LAB a b -4 --tcp 81 --count 2", filter: trace),
        Document(name: "link", command: "link --lab LAB a:eth1 down"),
        Document(name: "verify-differences", schema: "verify", command: "verify LAB"),
        Document(name: "up-changes", schema: "up", command: "up FILE --name LAB --no-probe"),
        Document(name: "impair", command: "impair --lab LAB a:eth1 --rate 10mbit"),
        Document(name: "impair-inspect", schema: "inspect", command: "inspect LAB", filter: "{conditions}"),
        Document(name: "diff", command: "diff LAB --undo"),
        Document(name: "reset", command: "reset LAB"),
        Document(name: "doctor", command: "doctor FILE", filter: "{groups: [.checks[].group] | unique}"),
        Document(name: "down", command: "down LAB"),
    ]

    /// A trace without times, MAC addresses, and what was learned by chance.
    private static let trace = """
        def masked: .hops |= map(
                .time = 0 | .packet = "" | .changes |= map(select(.kind != "frame"))
                | .decisions |= map(select(.kind == "route" or .kind == "nftables")))
            | .roundTrip = 0 | .outcome |= .[:14];
        masked | if .further then .further |= map(masked) else . end
        """

    /// What no two runs have alike, and what depends on the kernel's features.
    private static let mask = """
        walk(if type == "object" then with_entries(
            if .key | IN("duration", "rtt", "age", "respondersPID", "learned") then .value = 0
            elif .key == "timing" then .value |= map_values(0)
            elif .key == "notes" then .value = [] else . end) else . end)
        """

    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Documents"
    private static let schemas =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path + "/schema"

    @Test("each agrees with its schema and with the one that is kept")
    func documents() throws {
        let temporary = FileManager.default.temporaryDirectory.path + "/" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: temporary) }
        try "lab: wrong\nnodes:\n  a: { interfaces: { eth1: { addresses: [10.20.0.300/24] } } }\n"
            .write(toFile: "\(temporary)/wrong.yaml", atomically: true, encoding: .utf8)
        var covered: Set<String> = []
        try Program.with { nslab in
            var pod = ""
            for document in Self.documents {
                covered.insert(document.schema ?? document.name)
                let words = document.command.components(separatedBy: " ").map {
                    $0.replacing("·", with: " ").replacing("LAB", with: nslab.lab).replacing("web-POD", with: pod)
                        .replacing("FILE", with: "\(Self.folder)/lab.yaml").replacing("WRONG", with: "wrong.yaml")
                }
                // Standard output alone: warnings go elsewhere.
                let raw = "\(temporary)/\(document.name).json"
                _ = try Witness.run(
                    ["sh", "-c", "cd '\(temporary)' && exec \"$@\" 2>/dev/null >'\(raw)'", "sh", BuiltProgram.path]
                        + words
                        + ["-o", "json"])
                let schema = "\(Self.schemas)/\(document.schema ?? document.name).schema.json"
                let judged = try Witness.run(["jsonschema", "-i", raw, schema])
                #expect(judged.status == 0, "\(document.name): \(judged.output)")
                if document.name == "inspect" {
                    pod = try Witness.output(["jq", "-r", "[.namespaces[] | select(.kind == \"pod\").name][0]", raw])
                        .trimmingCharacters(in: .newlines)
                }
                let filter = "\(document.filter.replacing("LAB", with: nslab.lab)) | \(Self.mask)"
                let found = try Witness.output(["jq", "-S", filter, raw])
                    .replacing(nslab.lab, with: "LAB").replacing(Self.folder + "/", with: "")
                let kept = "\(Self.folder)/\(document.name).json"
                if ProcessInfo.processInfo.environment["NSLAB_RECORD_DOCUMENTS"] != nil {
                    try found.write(toFile: kept, atomically: true, encoding: .utf8)
                }
                let new = "\(temporary)/\(document.name).masked.json"
                try found.write(toFile: new, atomically: true, encoding: .utf8)
                let difference = try Witness.run(["diff", "-u", kept, new])
                #expect(difference.status == 0, "\(document.name):\n\(difference.output)")
            }
        }
        let all = try FileManager.default.contentsOfDirectory(atPath: Self.schemas).map {
            $0.replacing(".schema.json", with: "")
        }
        #expect(Set(all) == covered)
    }
}
