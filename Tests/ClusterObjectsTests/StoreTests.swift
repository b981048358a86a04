import ClusterObjects
import Testing

@Suite("The store of objects")
struct StoreTests {
    private let pods = KindTable.cluster[.init(group: "", version: "v1", plural: "pods")]!

    private func pod(_ name: String, _ namespace: String = "default", labels: JSON = [:], node: String? = nil) -> JSON {
        [
            "kind": "Pod", "apiVersion": "v1",
            "metadata": ["name": .string(name), "namespace": .string(namespace), "labels": labels],
            "spec": ["nodeName": JSON(node)],
        ]
    }

    @Test("an object has the version of its last change, and one that does not change keeps it")
    func versions() {
        var store = ObjectStore()
        let changes = [
            store.put(pod("a"), of: pods, version: 1), store.put(pod("a"), of: pods, version: 2),
            store.put(pod("a", node: "n"), of: pods, version: 3),
        ]
        #expect(changes == [true, false, true])
        #expect(store.version == 3)
        let name = ObjectStore.Name(namespace: "default", name: "a")
        #expect(store.object(name, of: pods)?["metadata"]["resourceVersion"] == "3")
    }

    @Test("generation grows with the specification alone")
    func generation() throws {
        var store = ObjectStore()
        var object = pod("a")
        object["metadata"]["generation"] = 1
        store.put(object, of: pods, version: 1)
        object["status"] = ["phase": "Running"]
        store.put(object, of: pods, version: 2)
        let name = ObjectStore.Name(namespace: "default", name: "a")
        #expect(store.object(name, of: pods)?["metadata"]["generation"] == 1)
        object["spec"] = ["nodeName": "x"]
        store.put(object, of: pods, version: 3)
        #expect(store.object(name, of: pods)?["metadata"]["generation"] == 2)
    }

    @Test("lists are in order of namespace and name, and come in parts")
    func parts() throws {
        var store = ObjectStore()
        for (version, name) in ["c", "a", "b"].enumerated() {
            store.put(pod(name), of: pods, version: version * 2 + 1)
            store.put(pod(name, "another"), of: pods, version: version * 2 + 2)
        }
        var (seen, continuation): ([String], String?) = ([], nil)
        repeat {
            let list = try ObjectList(store, of: pods, ObjectQuery(), limit: 4, continuation: continuation)
            seen += list.items.map { "\($0["metadata"]["namespace"].text!)/\($0["metadata"]["name"].text!)" }
            #expect(list.version == 6)
            #expect(list.remaining == 6 - seen.count)
            continuation = list.continuation
        } while continuation != nil
        #expect(seen == ["another/a", "another/b", "another/c", "default/a", "default/b", "default/c"])
        #expect(throws: Refusal.self) {
            try ObjectList(store, of: pods, ObjectQuery(), limit: 4, continuation: "zz")
        }
    }

    @Test("one who watches is told what comes to be selected, changes, and is selected no more")
    func events() throws {
        var store = ObjectStore()
        let query = ObjectQuery(namespace: "default", labels: try LabelRequirements("app=web"))
        store.put(pod("a"), of: pods, version: 1)
        store.put(pod("a", labels: ["app": "web"]), of: pods, version: 2)
        store.put(pod("a", labels: ["app": "web"], node: "n"), of: pods, version: 3)
        store.put(pod("b", "other", labels: ["app": "web"]), of: pods, version: 4)
        store.put(pod("a", labels: ["app": "db"]), of: pods, version: 5)
        store.put(pod("c", labels: ["app": "web"]), of: pods, version: 6)
        store.remove(ObjectStore.Name(namespace: "default", name: "c"), of: pods, version: 7)
        let events = try store.changes(after: 0).compactMap { WatchEvent($0, of: query) }
        #expect(events.map(\.type) == [.added, .modified, .deleted, .added, .deleted])
        #expect(events.map { $0.object["metadata"]["resourceVersion"] } == ["2", "3", "5", "6", "7"])
    }

    @Test("what is not known any more is refused")
    func history() throws {
        var store = ObjectStore(version: 10, longestHistory: 4)
        #expect(throws: Refusal.self) { try store.changes(after: 9) }
        #expect(try store.changes(after: 10).isEmpty)
        for version in 11...40 { store.put(pod("a", node: "\(version)"), of: pods, version: version) }
        let refusal = #expect(throws: Refusal.self) { try store.changes(after: 11) }
        #expect(refusal?.code == 410)
        #expect(try store.changes(after: store.oldestVersion).map(\.version) == Array(store.oldestVersion + 1...40))
        #expect(store.oldestVersion >= 32)
    }
}

@Suite("Messages of objects")
struct UpdateTests {
    @Test("are read as they were written")
    func roundTrip() throws {
        let updates: [ObjectUpdate] = [
            .begin(.init(lab: "l", version: 5, kubernetesVersion: "v1.28.0", hasCalico: true)),
            .put(["kind": "Pod", "apiVersion": "v1"], version: 6),
            .remove(apiVersion: "v1", kind: "Pod", .init(namespace: "n", name: "p"), version: 7), .ready,
        ]
        for update in updates {
            let message = try #require(update.message)
            #expect(message[..<4].reduce(0) { $0 << 8 | Int($1) } == message.count - 4)
            #expect(ObjectUpdate(Array(message[4...])) == update)
        }
    }

    @Test(
        "that make no sense", arguments: ["", "{}", "[]", #"{"put":1,"version":1}"#, #"{"put":{}}"#, #"{"version":1}"#])
    func refused(_ text: String) { #expect(ObjectUpdate(Array(text.utf8)) == nil) }
}

@Suite("Messages of commands in pods")
struct ProcessMessageTests {
    @Test("are read as they were written")
    func roundTrip() {
        let start = ProcessStart(
            id: 3, pod: .init(namespace: "n", name: "p"), command: ["sh", "-c", "x \"y\"\n"], hasInput: true,
            isTerminal: false)
        let pod = start.pod
        let requests = [
            PodRequest.start(start), .end(id: 3), .connect(id: 4, pod, port: 8080), .log(id: 5, pod, follows: true),
            .log(id: 6, pod, follows: false),
        ]
        for request in requests {
            #expect(PodRequest(request.json.bytes) == request)
        }
        for answer in [PodAnswer.started(id: 1), .opened(id: 4), .refused(id: 2, "why"), .ended(id: 3, status: 137)] {
            #expect(PodAnswer(answer.json.bytes) == answer)
        }
    }

    @Test(
        "that make no sense",
        arguments: [
            "", "{}", #"{"start":1}"#, #"{"start":1,"namespace":"n","pod":"p","command":[]}"#,
            #"{"start":1,"namespace":"n","pod":"p","command":["a",1]}"#,
            #"{"start":1,"namespace":"n","pod":"p","command":["a\u0000b"]}"#,
            #"{"start":1,"namespace":"n","pod":"p","command":[""]}"#, #"{"log":1,"namespace":"n"}"#,
            #"{"connect":1,"namespace":"n","pod":"p"}"#, #"{"connect":1,"namespace":"n","pod":"p","port":0}"#,
            #"{"connect":1,"namespace":"n","pod":"p","port":65536}"#,
        ])
    func refused(_ text: String) {
        #expect(PodRequest(Array(text.utf8)) == nil)
        #expect(PodAnswer(Array(text.utf8)) == nil)
    }

    @Test("that are too long")
    func long() {
        let start = ProcessStart(
            id: 3, pod: .init(namespace: "n", name: "p"), command: [String(repeating: "x", count: 70_000)],
            hasInput: false,
            isTerminal: false)
        #expect(PodRequest(PodRequest.start(start).json.bytes) == nil)
    }
}
