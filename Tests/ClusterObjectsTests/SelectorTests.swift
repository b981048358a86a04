import ClusterObjects
import Testing

@Suite("Selectors of requests")
struct SelectorTests {
    private let labels: JSON = ["app": "web", "tier": "front", "n": "5", "empty": ""]

    @Test(
        "of labels",
        arguments: [
            ("", true), ("app=web", true), ("app==web", true), ("app = web", true), ("app!=web", false),
            ("app=db", false),
            ("none!=x", true), ("app", true), ("!app", false), ("!none", true), ("app in (web,db)", true),
            ("app in(db)", false), ("app notin (db)", true), ("none notin (db)", true), ("app=web,tier=front", true),
            ("app=web,tier=back", false), ("n>4", true), ("n>5", false), ("n<6", true), ("empty=", true),
            ("app=", false),
            ("tier in (front, back),!x", true), ("x in (a)", false),
        ])
    func labels(_ text: String, _ expected: Bool) throws {
        #expect(try LabelRequirements(text).select(labels) == expected)
    }

    @Test("that are none", arguments: ["=", "a=b,", "a in", "a in (b", "a>b", "a ! b", ",a", "a=b c", "a in b"])
    func refused(_ text: String) {
        let refusal = #expect(throws: Refusal.self) { try LabelRequirements(text) }
        #expect(refusal?.code == 400)
    }

    @Test(
        "of fields",
        arguments: [
            ("metadata.name=p", true), ("metadata.name!=p", false), ("spec.nodeName=n,status.phase!=Failed", true),
            ("spec.nodeName=", false), ("status.podIP=", true), ("spec.hostNetwork=false", true),
            ("metadata.namespace=default", true), (#"metadata.name=a\,b"#, false),
        ])
    func fields(_ text: String, _ expected: Bool) throws {
        let kind = try #require(KindTable.cluster[.init(group: "", version: "v1", plural: "pods")])
        let pod: JSON = [
            "metadata": ["name": "p", "namespace": "default"], "spec": ["nodeName": "n"],
            "status": ["phase": "Running"],
        ]
        #expect(try FieldRequirements(text, of: kind).select(pod) == expected)
    }

    @Test("of fields that a kind is not selected by", arguments: ["spec.x=1", "metadata.name", "a\\"])
    func refusedFields(_ text: String) throws {
        let kind = try #require(KindTable.cluster[.init(group: "", version: "v1", plural: "pods")])
        #expect(throws: Refusal.self) { try FieldRequirements(text, of: kind) }
    }
}

@Suite("Targets of requests")
struct TargetTests {
    @Test("path and parameters are decoded")
    func decoding() throws {
        let target = try #require(
            RequestTarget("/api/v1/pods?labelSelector=app%3Dweb%2Cx+in+%28a%29&watch&watch=1&command=a&command=b%20c"))
        #expect(target.path == ["api", "v1", "pods"])
        #expect(target["labelSelector"] == "app=web,x in (a)")
        #expect(target.isTrue("watch"))
        #expect(target.all("command") == ["a", "b c"])
    }

    @Test("that are none", arguments: ["", "api", "/a/../b", "/%zz", "/%2", "/%ff", "/%2e%2e", "/?a=%ff"])
    func refused(_ text: String) { #expect(RequestTarget(text) == nil) }

    @Test(
        "objects of paths",
        arguments: [
            ("/api/v1/pods", "pods", nil, nil, nil), ("/api/v1/namespaces/x/pods/p", "pods", "x", "p", nil),
            ("/api/v1/namespaces/x/pods/p/log", "pods", "x", "p", "log"),
            ("/api/v1/namespaces/x", "namespaces", nil, "x", nil),
            ("/api/v1/namespaces/x/status", "namespaces", nil, "x", "status"),
            ("/api/v1/namespaces", "namespaces", nil, nil, nil),
            ("/apis/apps/v1/deployments", "deployments", nil, nil, nil),
            ("/apis/apps/v1/namespaces/x/deployments/d/scale", "deployments", "x", "d", "scale"),
        ] as [(String, String, String?, String?, String?)])
    func objects(_ text: String, _ plural: String, _ namespace: String?, _ name: String?, _ part: String?) throws {
        let path = try #require(RequestTarget(text).flatMap { ObjectPath($0.path) })
        #expect(path.kind.plural == plural)
        #expect(path.namespace == namespace)
        #expect(path.name == name)
        #expect(path.subresource == part)
    }

    @Test("paths without objects", arguments: ["/", "/api", "/api/v1", "/apis/apps", "/x/y/z", "/api/v1/pods/a/b/c"])
    func noObjects(_ text: String) throws { #expect(ObjectPath(try #require(RequestTarget(text)).path) == nil) }
}
