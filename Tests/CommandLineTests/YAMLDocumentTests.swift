import Foundation
import KernelTestSupport
import Testing

@Suite("-o yaml")
struct YAMLDocumentTests {
    /// Reads YAML with PyYAML, and gives it as JSON has it.
    private static let reader = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin.buffer), sys.stdout)"

    @Test(
        "is the document of -o json, as another reader of YAML has it", arguments: ["dual-stack", "two-vlans", "ipip"])
    func same(topology: String) throws {
        for command in ["plan", "validate"] {
            let json = try Witness.output([BuiltProgram.path, command, topology, "-o", "json", "-q"])
            let yaml = try Witness.output([BuiltProgram.path, command, topology, "-o", "yaml", "-q"])
            let read = try Witness.output(["python3", "-c", Self.reader], input: yaml)
            let (wanted, found) = try (document(json), document(read))
            #expect(wanted == found, "\(command)")
            #expect(!yaml.hasPrefix("{"))
        }
    }

    private func document(_ text: String) throws -> NSDictionary {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary)
    }
}
