import ClusterObjects
import Testing

@Suite("Answers of the API")
struct ServiceTests {
    private let now = Timestamp("2026-01-02T00:05:10Z")!
    private let tables =
        "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"

    private static let pod: JSON = [
        "kind": "Pod", "apiVersion": "v1",
        "metadata": [
            "name": "web", "namespace": "default", "labels": ["app": "web"],
            "creationTimestamp": "2026-01-02T00:00:00Z",
        ],
        "spec": ["nodeName": "n1", "containers": [["name": "c", "image": "i"]]],
        "status": [
            "phase": "Running", "podIP": "10.0.0.1", "podIPs": [["ip": "10.0.0.1"], ["ip": "fd00::1"]],
            "containerStatuses": [["name": "c", "ready": true, "restartCount": 0, "state": ["running": [:]]]],
        ],
    ]

    private func service(_ objects: [JSON] = [pod]) -> APIService {
        var service = APIService(
            .init(lab: "l", version: 100, kubernetesVersion: "v1.28.0", hasCalico: true), address: "127.0.0.1:1")
        for (index, object) in objects.enumerated() { service.apply(.put(object, version: 101 + index)) }
        service.apply(.ready)
        return service
    }

    private func get(_ path: String, _ accept: String = "application/json", in service: APIService) throws -> (
        Int, JSON
    ) {
        let request = APIRequest(method: "GET", target: try #require(RequestTarget(path)), accept: [accept])
        guard case .document(let status, let json, _) = service.answer(request, at: now) else {
            Issue.record("no document")
            return (0, .null)
        }
        return (status, json)
    }

    @Test("a table of pods as kubectl prints it")
    func table() throws {
        let (status, table) = try get("/api/v1/namespaces/default/pods?limit=500", tables, in: service())
        #expect(status == 200)
        #expect(
            table["columnDefinitions"].items.map { "\($0["name"].text!) \($0["priority"].integer!)" } == [
                "Name 0", "Ready 0", "Status 0", "Restarts 0", "Age 0", "IP 1", "Node 1", "Nominated Node 1",
                "Readiness Gates 1",
            ])
        #expect(
            table["rows"][0]["cells"] == ["web", "1/1", "Running", "0", "5m10s", "10.0.0.1", "n1", "<none>", "<none>"])
        #expect(table["rows"][0]["object"]["kind"] == "PartialObjectMetadata")
        #expect(table["metadata"]["resourceVersion"] == "101")
    }

    @Test(
        "every kind's table has a cell for each column, whatever an object lacks",
        arguments: KindTable.clusterWithCalicoAPI.kinds.map(\.identity))
    func cells(_ identity: ResourceKind.Identity) throws {
        let kind = try #require(KindTable.clusterWithCalicoAPI[identity])
        let object: JSON = ["metadata": ["name": "x"]]
        let table = Table(kind, now: now).json([object], metadata: [:])
        #expect(table["rows"][0]["cells"].items.count == table["columnDefinitions"].items.count)
    }

    @Test("an object, a list, and what is not there")
    func objects() throws {
        let service = service()
        #expect(try get("/api/v1/namespaces/default/pods/web", in: service).1["kind"] == "Pod")
        let list = try get("/api/v1/pods", in: service).1
        #expect(list["kind"] == "PodList")
        #expect(list["items"].items.count == 1)
        #expect(list["items"][0]["kind"].isNull)
        let (status, refusal) = try get("/api/v1/namespaces/default/pods/none", in: service)
        #expect(status == 404)
        #expect(refusal["message"] == "pods \"none\" not found")
        #expect(try get("/apis/apps/v1/nothing", in: service).0 == 404)
        #expect(try get("/api/v1/pods?fieldSelector=spec.nodeName%3Dn2", in: service).1["items"] == [])
        #expect(try get("/api/v1/pods?fieldSelector=spec.x%3Dn2", in: service).0 == 400)
        #expect(try get("/api/v1/pods", "text/plain", in: service).0 == 406)
    }

    @Test("what is not done with a pod is told so", arguments: ["exec", "attach", "portforward"])
    func parts(_ part: String) throws {
        let (status, refusal) = try get("/api/v1/namespaces/default/pods/web/\(part)", in: service())
        #expect(status == 400)
        #expect(refusal["message"].text?.isEmpty == false)
    }

    @Test("whoever writes is told how a lab is changed", arguments: ["POST", "PUT", "PATCH", "DELETE"])
    func writing(_ method: String) throws {
        let target = try #require(RequestTarget("/api/v1/namespaces/default/pods/web"))
        guard
            case .document(405, let refusal, _) = service().answer(APIRequest(method: method, target: target), at: now)
        else {
            Issue.record("not refused")
            return
        }
        #expect(refusal["message"].text?.contains("nslab up") == true)
    }

    @Test("discovery in both forms tells the same kinds")
    func discovery() throws {
        let service = service()
        var old: Set<String> = []
        for group in try get("/apis", in: service).1["groups"].items {
            let version = try #require(group["preferredVersion"]["groupVersion"].text)
            let list = try get("/apis/\(version)", in: service)
            #expect(list.0 == 200)
            for resource in list.1["resources"].items { old.insert("\(version)/\(resource["name"].text!)") }
        }
        let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
        var new: Set<String> = []
        for group in try get("/apis", accept, in: service).1["items"].items {
            for version in group["versions"].items {
                for resource in version["resources"].items {
                    new.insert(
                        "\(group["metadata"]["name"].text!)/\(version["version"].text!)/\(resource["resource"].text!)")
                }
            }
        }
        #expect(old == new)
        #expect(old.contains("crd.projectcalico.org/v1/ippools"))
    }

    @Test("a kind that somebody defined is served with the columns of its definition")
    func definitions() throws {
        let definition: JSON = [
            "kind": "CustomResourceDefinition", "apiVersion": "apiextensions.k8s.io/v1",
            "metadata": ["name": "ws.x.io"],
            "spec": [
                "group": "x.io", "scope": "Namespaced", "names": ["plural": "ws", "kind": "W", "shortNames": ["w"]],
                "versions": [
                    [
                        "name": "v2", "served": true,
                        "additionalPrinterColumns": [["name": "Size", "type": "integer", "jsonPath": ".spec.size"]],
                    ]
                ],
            ],
        ]
        let object: JSON = [
            "kind": "W", "apiVersion": "x.io/v2", "metadata": ["name": "o", "namespace": "default"],
            "spec": ["size": 3],
        ]
        let service = service([definition, object])
        #expect(try get("/apis/x.io/v2/ws", tables, in: service).1["rows"][0]["cells"] == ["o", 3])
        #expect(try get("/apis/x.io/v2", in: service).1["resources"][0]["kind"] == "W")
    }

    // MARK: Watches

    private func watch(_ path: String, _ service: APIService, accept: String = "application/json") throws
        -> WatchSubscription
    {
        let request = APIRequest(method: "GET", target: try #require(RequestTarget(path)), accept: [accept])
        guard case .watch(let subscription) = service.answer(request, at: now) else {
            throw Refusal(0, "", "no watch")
        }
        return subscription
    }

    private func events(_ lines: [UInt8]) throws -> [JSON] {
        try lines.split(separator: UInt8(ascii: "\n")).map { try JSON(parsing: $0) }
    }

    @Test("a watch from a version is told what happens after it, and columns once")
    func watching() throws {
        var service = service()
        var subscription = try watch("/api/v1/pods?watch=true&resourceVersion=101", service, accept: tables)
        let none = service.firstLines(of: &subscription, at: now)
        #expect(none.isEmpty)
        var changed = Self.pod
        changed["status"]["phase"] = "Failed"
        service.apply(.put(changed, version: 102))
        let first = try events(service.nextLines(of: &subscription, at: now))
        #expect(first.map { $0["type"] } == ["MODIFIED"])
        #expect(!first[0]["object"]["columnDefinitions"].items.isEmpty)
        service.apply(.remove(apiVersion: "v1", kind: "Pod", .init(namespace: "default", name: "web"), version: 103))
        let second = try events(service.nextLines(of: &subscription, at: now))
        #expect(second.map { $0["type"] } == ["DELETED"])
        #expect(second[0]["object"]["columnDefinitions"] == [])
        let more = try service.nextLines(of: &subscription, at: now)
        #expect(more.isEmpty)
    }

    @Test("a watch without a version, and one that asks for it, begin with what is there")
    func initialEvents() throws {
        let service = service()
        var plain = try watch("/api/v1/pods?watch=1", service)
        let first = try events(service.firstLines(of: &plain, at: now))
        #expect(first.map { $0["type"] } == ["ADDED"])
        let path =
            "/api/v1/pods?watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
        var list = try watch(path, service)
        let lines = try events(service.firstLines(of: &list, at: now))
        #expect(lines.map { $0["type"] } == ["ADDED", "BOOKMARK"])
        #expect(lines[1]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"] == "true")
    }

    @Test("a watch from what is not known any more, or not yet, is refused", arguments: [50, 999])
    func expired(_ version: Int) throws {
        let (status, refusal) = try get("/api/v1/pods?watch=1&resourceVersion=\(version)", in: service())
        #expect(status == 410)
        #expect(refusal["reason"] == "Expired")
    }

    // MARK: Rights

    private func may(_ body: [UInt8], _ type: String) throws -> JSON {
        let target = try #require(RequestTarget("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"))
        let request = APIRequest(method: "POST", target: target, contentType: type, body: body)
        guard case .document(_, let json, _) = service().answer(request, at: now) else { return .null }
        return json
    }

    @Test("who asks what they may do is told so, in JSON and protobuf")
    func rights() throws {
        let body: JSON = ["spec": ["resourceAttributes": ["verb": "get", "resource": "pods"]]]
        #expect(try may(body.bytes, "application/json")["status"]["allowed"] == true)
        // Attributes with verb (2) and resource (5), in a specification (1), in an object (2), in an envelope (2).
        let attributes: [UInt8] = [0x12, 3] + Array("get".utf8) + [0x2a, 4] + Array("pods".utf8)
        let spec = [0x0a, UInt8(attributes.count)] + attributes
        let object = [0x12, UInt8(spec.count)] + spec
        let envelope = [0x6b, 0x38, 0x73, 0, 0x12, UInt8(object.count)] + object
        let answer = try may(envelope, "application/vnd.kubernetes.protobuf")
        #expect(answer["status"]["allowed"] == true)
        #expect(answer["spec"]["resourceAttributes"] == ["verb": "get", "resource": "pods"])
        #expect(try may(Array(envelope.dropLast()), "application/vnd.kubernetes.protobuf")["code"] == 400)
        let writing: JSON = ["spec": ["resourceAttributes": ["verb": "create", "resource": "pods"]]]
        #expect(try may(writing.bytes, "application/json")["status"]["allowed"] == false)
        let running: JSON = [
            "spec": ["resourceAttributes": ["verb": "create", "resource": "pods", "subresource": "exec"]]
        ]
        #expect(try may(running.bytes, "application/json")["status"]["allowed"] == true)
        #expect(try may(body.bytes, "application/xml")["code"] == 415)
    }
}
