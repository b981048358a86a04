import Addresses
import Applets
import ClusterObjects

/// A lab that all names are asked about.
private let router = Machine(
    lab: "l", host: "r1", name: "clab-l-r1", node: "r1", kind: "arista_ceos", image: "ceos",
    id: String(repeating: "ab", count: 32), isRouter: true)
private let node = Machine(
    lab: "l", host: "n1", name: "n1", node: "n1", kind: "k8s-kind", image: "kindest/node:v1.28.0",
    id: String(repeating: "cd", count: 32), cluster: "l", isControlPlane: true)
private let lab = RunningLabFacts(
    name: "l", created: Timestamp(seconds: 1000), topologyFile: "/l.clab.yaml", isOfContainerlab: true,
    machines: [router, node].map {
        MachineFacts(
            $0, isRunning: true, hostname: "h",
            attachments: [
                .init(network: "kind", ipv4: InterfaceAddress("172.18.0.2/16"), ipv6: nil, mac: "02:00:00:00:00:01")
            ])
    })
private let directory = LabDirectory(
    machines: { [router, node] }, labs: { [lab] },
    objects: { _ in
        [
            [
                "apiVersion": "crd.projectcalico.org/v1", "kind": "IPPool", "metadata": ["name": "p"],
                "spec": ["cidr": "10.0.0.0/16"],
            ],
            ["apiVersion": "v1", "kind": "Node", "metadata": ["name": "n1"]],
        ]
    }, topologyName: { $0.hasSuffix(".yaml") ? ("l", $0) : nil }, now: Timestamp(seconds: 5000))

/// What libFuzzer calls with each input: a name, and words divided by line ends, as any script may type them. A command of a lab's
/// machine must keep the user's words, and no answer may be one that no shell could print.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzNames(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeBufferPointer(start: start, count: count)
    guard let first = bytes.first else { return 0 }
    let applet = Applet.allCases[Int(first) % Applet.allCases.count]
    let words = String(decoding: bytes.dropFirst(), as: UTF8.self).split(
        separator: "\n", omittingEmptySubsequences: false
    )
    .prefix(32).map(String.init)
    switch try? applet.answer(words, directory) {
    case .execution(let execution)?:
        precondition(!execution.words.isEmpty && execution.words.last == words.last)
    case .text(let text)?: precondition(text.isEmpty || text.last == "\n")
    case .program(let rest, _)?: precondition(applet == .sudo || rest == words)
    default: break
    }
    return 0
}
