import ClusterObjects
import HTTP
import Testing

@Suite("A pod's log as a client wants it")
struct LogTests {
    private static func pod(_ containers: JSON, node: JSON = "n1", statuses: JSON = .null) -> JSON {
        [
            "kind": "Pod", "apiVersion": "v1", "metadata": ["name": "web", "namespace": "default"],
            "spec": ["nodeName": node, "containers": containers, "initContainers": [["name": "first"]]],
            "status": ["phase": "Running", "containerStatuses": statuses],
        ]
    }

    private static let one: JSON = [["name": "c", "ports": [["containerPort": 80]]]]
    private static let two: JSON = [
        ["name": "a", "ports": [["containerPort": 80]]], ["name": "b", "ports": [["containerPort": 81]]],
    ]

    private func answer(_ parameters: String, _ pod: JSON) throws -> APIAnswer {
        var service = APIService(
            .init(lab: "l", version: 1, kubernetesVersion: "v1.28.0", hasCalico: false), address: "127.0.0.1:1")
        service.apply(.put(pod, version: 2))
        let target = try #require(RequestTarget("/api/v1/namespaces/default/pods/web/log?" + parameters))
        return service.answer(APIRequest(method: "GET", target: target), at: Timestamp(seconds: 100))
    }

    /// The lines that a client gets of some that were logged at 90, 95 and 99 seconds, and of one that comes later.
    private func lines(_ parameters: String, of pod: JSON = pod(one), follows: Bool = false) throws -> String {
        guard case .log(let query) = try answer(parameters + (follows ? "&follow=true" : ""), pod) else {
            Issue.record("no log")
            return ""
        }
        #expect(query.pod == .init(namespace: "default", name: "web") && query.follows == follows)
        var filter = LogFilter(query)
        let logged = [(90, 80, "x"), (95, 81, "y"), (99, 79, "z")].map {
            LogLine(time: $0.0 * 1_000_000_000 + 5, port: UInt16($0.1), text: $0.2)
        }
        var bytes = logged.flatMap(\.bytes)
        if follows { bytes += [10] + LogLine(time: 101_000_000_000, port: 80, text: "later").bytes }
        var output: [UInt8] = []
        for byte in bytes where !filter.isDone { output += filter.take([byte]) }
        if !follows { output += filter.end() }
        return String(decoding: output, as: UTF8.self)
    }

    @Test(
        "all of it, its end, what is young, with times, up to a length",
        arguments: [
            ("", "x\ny\nz\n"), ("tailLines=2", "y\nz\n"), ("tailLines=0", ""), ("tailLines=9", "x\ny\nz\n"),
            ("sinceSeconds=6", "y\nz\n"), ("sinceTime=1970-01-01T00:01:36Z", "z\n"),
            ("tailLines=2&sinceSeconds=3", "z\n"), ("limitBytes=3", "x\ny"),
            ("timestamps=true&tailLines=1", "1970-01-01T00:01:39.000000005Z z\n"),
        ])
    func parts(_ parameters: String, _ expected: String) throws { #expect(try lines(parameters) == expected) }

    @Test("what comes while it is followed comes after the end of what was logged")
    func following() throws {
        #expect(try lines("tailLines=1", follows: true) == "z\nlater\n")
        #expect(try lines("", follows: true) == "x\ny\nz\nlater\n")
    }

    @Test("a container has the lines of its ports, the first one those of ports that none names")
    func containers() throws {
        #expect(try lines("container=a", of: Self.pod(Self.two)) == "x\nz\n")
        #expect(try lines("container=b", of: Self.pod(Self.two)) == "y\n")
        #expect(try lines("container=first", of: Self.pod(Self.two)) == "")
    }

    @Test(
        "what there is no log of is refused in the API server's words",
        arguments: [
            ("container=z", pod(one), 400, "container z is not valid for pod web"),
            (
                "", pod(two), 400,
                "a container name must be specified for pod web, choose one of: [a b] or one of the init containers: [first]"
            ),
            ("previous=true", pod(one), 400, "previous terminated container \"c\" in pod \"web\" not found"),
            ("", pod(one, node: .null), 400, "pod web does not have a host assigned"),
            (
                "", pod(one, statuses: [["name": "c", "state": ["waiting": ["reason": "ContainerCreating"]]]]), 400,
                "container \"c\" in pod \"web\" is waiting to start: ContainerCreating"
            ),
            ("tailLines=-1", pod(one), 422, "tailLines: Invalid value: -1: must be 0 or greater"),
            ("tailLines=many", pod(one), 400, "tailLines: \"many\" is no number"),
            ("limitBytes=0", pod(one), 422, "limitBytes: Invalid value: 0: must be 1 or greater"),
            ("sinceTime=yesterday", pod(one), 400, "sinceTime: \"yesterday\" is no time"),
            ("sinceTime=1970-01-01T00:01:36Z&sinceSeconds=1", pod(one), 422, "at most one of"),
        ])
    func refusals(_ parameters: String, _ pod: JSON, _ status: Int, _ message: String) throws {
        guard case .document(let code, let json, _) = try answer(parameters, pod) else {
            Issue.record("no refusal")
            return
        }
        #expect(code == status && json["message"].text?.contains(message) == true, "\(json)")
    }

    @Test("what is no line is left out", arguments: ["nothing", "x 80 text", "5 99999 text", "5 80"])
    func malformed(_ line: String) throws {
        #expect(LogLine(Array(line.utf8)) == nil)
        #expect(LogLine(Array("5 80 some text".utf8)) == LogLine(time: 5, port: 80, text: "some text"))
    }
}
