import GoTemplates
import Topology

extension ContainerlabTopology.Node {
    /// What a template of its startup configuration is given (`NodeConfig` in containerlab's types/types.go).
    ///
    /// - Parameters:
    ///   - lab: the lab's name.
    ///   - index: its place among the topology's nodes.
    ///   - management: its addresses on the management network; none where it has no interface there.
    func templateData(lab: String, index: Int, management: ManagementAddresses) -> GoValue {
        let name = "clab-\(lab)-\(self.name)"
        func texts(_ texts: [String: String]) -> GoValue { .map(texts.mapValues { .text($0) }) }
        func text(_ value: (some CustomStringConvertible)?) -> GoValue { .text(value.map { "\($0)" } ?? "") }
        var environment = self.environment
        if kind == "arista_ceos" { environment.merge(Self.environmentOfCEOS) { own, _ in own } }
        return .structure([
            "ShortName": .text(self.name), "LongName": .text(name), "Fqdn": .text("\(self.name).\(lab).io"),
            "Hostname": .text(hostname?.value ?? self.name), "LabDir": .text("clab-\(lab)/\(self.name)"),
            "Index": .int(index), "Group": text(group), "Kind": .text(kind), "NodeType": text(type),
            "Image": text(image), "StartupConfig": text(startupConfig?.value), "User": .text(""), "Position": .text(""),
            "Entrypoint": .text(""), "Cmd": .text(""), "License": .text(""), "NetworkMode": text(networkMode?.value),
            "Env": texts(environment), "Labels": texts(labels), "Sysctls": .map([:]),
            "Binds": .list(binds.map { .text($0.value) }), "Exec": .list(exec.map { .text($0.text.value) }),
            "MgmtNet": .text("clab"), "MgmtIntf": .text(kind == "arista_ceos" ? "Management0" : "eth0"),
            "MgmtIPv4Address": text(management.ipv4?.address),
            "MgmtIPv4PrefixLength": .int(management.ipv4?.prefixLength ?? 0),
            "MgmtIPv4Gateway": text(management.ipv4Gateway),
            "MgmtIPv6Address": text(management.ipv6?.address),
            "MgmtIPv6PrefixLength": .int(management.ipv6?.prefixLength ?? 0),
            "MgmtIPv6Gateway": text(management.ipv6Gateway),
            "MacAddress": .text(""),
        ])
    }

    /// What every cEOS has (`ceosEnv` in nodes/ceos/ceos.go).
    private static let environmentOfCEOS = [
        "CEOS": "1", "EOS_PLATFORM": "ceoslab", "container": "docker", "ETBA": "1",
        "SKIP_ZEROTOUCH_BARRIER_IN_SYSDBINIT": "1", "INTFTYPE": "eth", "MAPETH0": "1", "MGMT_INTF": "eth0",
    ]
}
