import Addresses
import Engine
import Foundation
import KernelTestSupport
import NSLabKit
import Testing
import Topology

@Suite("Requests through a service while others change", .needsRoot, .timeLimit(.minutes(20)), .serialized)
struct ServiceTrafficTests {
    /// A DNS that is asked through its service, and services beside it whose pods come and go.
    private static func topology(replicas: Int, services: Int = 40) throws -> Topology {
        let others = (0..<services).map { number in
            "  other-\(number): { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }\n"
        }
        let yaml = """
            lab: traffic
            \(TwoNodeLab.devices)cluster:
              pools:
                four: { cidr: 192.168.0.0/16, encapsulation: VXLAN, natOutgoing: true }
              serviceSubnets: [10.96.0.0/16]
            workloads:
              client: { kind: DaemonSet, labels: { app: client } }
              web: { kind: Deployment, replicas: \(replicas), labels: { app: web }, ports: [8080] }
              dns:
                kind: DaemonSet
                labels: { app: dns }
                ports: [{ name: dns, port: 53, protocol: UDP, answer: dns }]
            services:
              dns: { clusterIP: 10.96.0.10, selector: { app: dns }, ports: [{ port: 53, protocol: UDP }] }
            \(others.joined())
            """
        return try Topology.read(Array(yaml.utf8), file: "test.yaml")
    }

    /// Asks a name server every millisecond, each time from another port, so that no question follows the way of an earlier one,
    /// until it is interrupted. What comes back within five seconds is an answer. Prints how many were asked and answered, now
    /// and then and at its end.
    private static let client = #"""
        import select, signal, socket, sys, time
        ended = False
        def end(*_):
            global ended
            ended = True
        signal.signal(signal.SIGINT, end)
        labels = [b"other-0", b"default", b"svc", b"cluster", b"local"]
        name = b"".join(bytes([len(label)]) + label for label in labels)
        question = b"\x12\x34\1\0\0\1\0\0\0\0\0\0" + name + b"\0\0\1\0\1"
        poll, waiting = select.epoll(), {}
        asked, answered, due, limit = 0, 0, time.monotonic(), None
        while True:
            now = time.monotonic()
            if ended and limit is None:
                limit = now + 5
            if limit is not None and (not waiting or now > limit):
                break
            if limit is None and now >= due:
                # A machine that is busy asks less often, and not all at once afterwards: nobody's queue is to run over.
                due = max(due + 0.001, now)
                sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                sock.connect((sys.argv[1], 53))
                poll.register(sock, select.EPOLLIN)
                waiting[sock.fileno()] = sock
                sock.send(question)
                asked += 1
                if asked % 100 == 0:
                    print(asked, answered, flush=True)
            for number, _ in poll.poll(0.0005):
                sock = waiting.pop(number)
                try:
                    sock.recv(512)
                    answered += 1
                except OSError:
                    pass
                poll.unregister(number)
                sock.close()
        print(asked, answered, flush=True)
        """#

    /// The client while it runs.
    private struct Asking {
        private let process: Witness.Process
        private let log: String

        init(_ server: String, in pin: String) throws {
            log = FileManager.default.temporaryDirectory.path + "/" + UUID().uuidString
            process = try Witness.Process(
                ["sh", "-c", "exec python3 -c \"$1\" \"$2\" >\"$3\"", "sh", client, server, log], in: pin)
            try waitForMore()
        }

        private var counts: (asked: Int, answered: Int) {
            get throws {
                let last = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").last ?? ""
                let numbers = last.split(separator: " ").compactMap { Int($0) }
                return numbers.count == 2 ? (numbers[0], numbers[1]) : (0, 0)
            }
        }

        /// Waits until it has asked more, and has answers.
        func waitForMore() throws {
            try eventually("the client's log is there") { access(log, F_OK) == 0 }
            let before = try counts
            try eventually("questions are answered") {
                try counts.asked > before.asked && counts.answered > before.answered
            }
        }

        func end() throws -> (asked: Int, answered: Int) {
            defer { unlink(log) }
            try waitForMore()
            process.send(SIGINT)
            _ = try process.wait()
            return try counts
        }
    }

    @Test("none of the questions to a service is lost while endpoints of others come and go, on all nodes")
    func lossless() throws {
        try TestLab.with(Self.topology(replicas: 3)) { lab in
            for node in ["a", "b"] {
                let client = try #require(
                    lab.blueprint.namespaces.first { $0.node == node && $0.name.hasPrefix("client") })
                let web = try #require(lab.blueprint.namespaces.first { $0.name.hasPrefix("web") }).name
                let asking = try Asking("10.96.0.10", in: lab.pin(client.name))
                for _ in 0..<3 {
                    _ = try RunningLab(named: lab.name).setPods([web], answering: false)
                    _ = try RunningLab(named: lab.name).setPods([web], answering: true)
                    try asking.waitForMore()
                }
                for replicas in [4, 2, 3] {
                    try lab.up(Self.topology(replicas: replicas))
                    try asking.waitForMore()
                }
                try lab.up(Self.topology(replicas: 3, services: 20))
                try lab.up(Self.topology(replicas: 3))
                let counts = try asking.end()
                #expect(counts.asked >= 500 && counts.answered == counts.asked, "from node \(node): \(counts)")
            }
            #expect(try lab.differences().isEmpty)
        }
    }
}
