import Addresses
import ClusterObjects

@testable import Applets

/// A lab of two machines, as applets are told of one.
enum SampleLab {
    static let router = Machine(
        lab: "l", host: "r1", name: "clab-l-r1", node: "r1", kind: "arista_ceos", image: "ceos:4.34.0F",
        id: String(repeating: "ab", count: 32), isRouter: true)
    static let node = Machine(
        lab: "l", host: "l-control-plane", name: "l-control-plane", node: "l-control-plane", kind: "k8s-kind",
        image: "kindest/node:v1.28.0", id: String(repeating: "cd", count: 32), cluster: "l", isControlPlane: true)

    static let created = Timestamp(seconds: 1_000_000)

    static func facts(nodeIsRunning: Bool = true) -> RunningLabFacts {
        RunningLabFacts(
            name: "l", created: created, topologyFile: "/labs/l.clab.yaml", isOfContainerlab: true,
            machines: [
                MachineFacts(
                    node, isRunning: nodeIsRunning, hostname: "l-control-plane",
                    attachments: [
                        .init(
                            network: "kind", ipv4: InterfaceAddress("172.18.0.2/16"),
                            ipv6: InterfaceAddress("fc00:f853:ccd:e793::2/64"), mac: "02:42:ac:12:00:02")
                    ]),
                MachineFacts(
                    router, isRunning: true, hostname: "r1",
                    attachments: [
                        .init(
                            network: "clab", ipv4: InterfaceAddress("172.20.20.2/24"), ipv6: nil,
                            mac: "02:42:ac:14:14:02")
                    ]),
            ],
            networks: [
                .init(
                    name: "kind", id: String(repeating: "ef", count: 32),
                    gateways: ["172.18.0.1/16", "fc00:f853:ccd:e793::1/64"].compactMap { InterfaceAddress($0) }),
                .init(
                    name: "clab", id: String(repeating: "12", count: 32),
                    gateways: ["172.20.20.1/24"].compactMap { InterfaceAddress($0) }),
            ],
            cables: [.init(host: "r1", interface: "eth1", peer: "l-control-plane", peerInterface: "eth1")],
            apiPort: 40001)
    }

    /// Five minutes after it was built.
    static func directory(
        nodeIsRunning: Bool = true, objects: [JSON] = [], environment: [String: String] = [:], isThere: Bool = true
    ) -> LabDirectory {
        LabDirectory(
            machines: { isThere ? [router, node] : [] },
            labs: { isThere ? [facts(nodeIsRunning: nodeIsRunning)] : [] }, objects: { _ in objects },
            topologyName: { path in
                path.hasSuffix("l.clab.yaml")
                    ? ("l", "/labs/l.clab.yaml") : path == "new.clab.yaml" ? ("new", path) : nil
            }, now: Timestamp(seconds: created.seconds + 300), environment: environment)
    }

    /// What an applet says to a command line, its words divided by blanks.
    static func answer(_ applet: Applet, _ line: String, _ directory: LabDirectory = directory()) throws -> AppletAnswer
    {
        try applet.answer(line.split(separator: " ").map(String.init), directory)
    }

    /// The text that an applet prints.
    static func text(_ applet: Applet, _ words: [String], _ directory: LabDirectory = directory()) throws -> String {
        guard case .text(let text) = try applet.answer(words, directory) else {
            throw AppletError("no text for \(words)")
        }
        return text
    }
}
