import Addresses
import BundledTopologies
import Foundation
import KernelTestSupport
import NetworkObjects
import Testing

@testable import Engine

/// What is read of the kernel's rule sets as nft's text, beside what nft itself says of them in JSON.
@Suite("Rule sets read from the kernel", .needsRoot, .timeLimit(.minutes(20)), .serialized)
struct RuleReadingTests {
    /// A table as JSON has it: how many rules each chain has and how many elements each set.
    private struct Witnessed: Equatable {
        var rules: [String: Int] = [:]
        var elements: [String: Int] = [:]
        /// `ADDRESS PORT` of each translation.
        var destinations: Set<String> = []
    }

    private func witnessed(in pin: String) throws -> [String: Witnessed] {
        let text = try Witness.output(["nft", "-j", "list", "ruleset"], in: pin)
        let root = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        var tables: [String: Witnessed] = [:]
        for item in try #require(root["nftables"] as? [[String: Any]]) {
            func object(_ kind: String) -> (id: String, value: [String: Any])? {
                guard let value = item[kind] as? [String: Any], let family = value["family"] as? String else {
                    return nil
                }
                return ("\(family) \(value["table"] ?? value["name"] ?? "")", value)
            }
            if let (id, _) = object("table") { tables[id] = Witnessed() }
            if let (id, chain) = object("chain") { tables[id]?.rules[chain["name"] as? String ?? ""] = 0 }
            if let (id, rule) = object("rule") {
                tables[id]?.rules[rule["chain"] as? String ?? "", default: 0] += 1
                for expression in rule["expr"] as? [[String: Any]] ?? [] {
                    guard let translation = expression["dnat"] as? [String: Any] else { continue }
                    if let address = translation["addr"] as? String {
                        tables[id]?.destinations.insert("\(address) \(translation["port"] ?? 0)")
                    }
                }
            }
            for kind in ["set", "map"] {
                if let (id, set) = object(kind) {
                    tables[id]?.elements[set["name"] as? String ?? ""] = (set["elem"] as? [Any])?.count ?? 0
                }
            }
        }
        return tables
    }

    private func read(in pin: String) throws -> [String: Witnessed] {
        let tables = RuleListing(try Witness.output(["nft", "list", "ruleset"], in: pin)).tables
        return Dictionary(
            uniqueKeysWithValues: tables.map { table in
                var found = Witnessed()
                for chain in table.chains { found.rules[chain.name] = chain.rules.count }
                for set in table.sets { found.elements[set.name] = set.elements.count }
                for case .translation(let destination) in table.chains.flatMap(\.rules).flatMap(\.statements) {
                    found.destinations.insert("\(destination.address) \(destination.port)")
                }
                return ("\(table.id)", found)
            })
    }

    @Test(
        "every table, chain, rule, set and translation of a lab's nodes is read",
        arguments: ["dual-stack", "ipv4-only"])
    func labs(topology: String) throws {
        try TestLab.with(topology) { lab in
            for node in lab.blueprint.namespaces where node.kind == .node {
                let found = try read(in: lab.pin(node.name))
                #expect(try found == witnessed(in: lab.pin(node.name)))
                #expect(found.values.contains { $0.destinations.count > 1 })
            }
        }
    }

    @Test("what a user adds to a lab's own tables is told, whatever it is")
    func additions() throws {
        let additions: [(command: String, told: String)] = [
            ("add set ip calico mine { type ipv4_addr; }", "set mine: want none, found present"),
            ("add map ip calico mine { type ipv4_addr : verdict; }", "map mine: want none, found present"),
            ("add counter ip calico mine", "counter mine: want none, found present"),
            (
                "add chain ip calico mine { type filter hook forward priority 5; policy drop; }",
                "chain mine: want none, found present"
            ),
            ("add rule ip calico nat-cali-POSTROUTING meta nftrace set 1", "rule: want none, found meta nftrace set 1"),
            (
                "add rule ip calico nat-cali-POSTROUTING tcp option maxseg size set rt mtu",
                "rule: want none, found tcp option maxseg"
            ),
            ("add rule ip calico nat-cali-POSTROUTING ct mark set 7", "rule: want none, found ct mark set 0x00000007"),
            ("add rule ip calico nat-cali-POSTROUTING counter", "rule: want none, found counter"),
        ]
        let topology = try #require(BundledTopology.named("ipv4-only")).topology()
        try TestLab.with(topology) { lab in
            let pin = lab.pin("worker1")
            for (command, told) in additions {
                try Witness.output(["nft", command], in: pin)
                let differences = try lab.differences(strict: false)
                #expect(differences.count == 1, "\(command): \(differences)")
                #expect(differences.first?.contains(told) == true, "\(command): \(differences)")
                try lab.up(topology)
                #expect(try lab.differences(strict: true) == [], "\(command)")
            }
        }
    }
}
