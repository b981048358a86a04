import ClusterObjects

/// An API with an object of a few kinds, one of them defined by another.
private let service: APIService = {
    var service = APIService(
        .init(lab: "fuzz", version: 10, kubernetesVersion: "v1.28.0", hasCalico: true), address: "127.0.0.1:1")
    let objects: [JSON] = [
        [
            "kind": "Pod", "apiVersion": "v1",
            "metadata": ["name": "p", "namespace": "default", "labels": ["app": "web", "n": "3"]],
            "spec": ["nodeName": "n"], "status": ["phase": "Running"],
        ],
        ["kind": "Node", "apiVersion": "v1", "metadata": ["name": "n"]],
        [
            "kind": "CustomResourceDefinition", "apiVersion": "apiextensions.k8s.io/v1",
            "metadata": ["name": "ws.x.io"],
            "spec": [
                "group": "x.io", "names": ["plural": "ws", "kind": "W"],
                "versions": [
                    [
                        "name": "v1", "served": true,
                        "additionalPrinterColumns": [
                            ["name": "C", "type": "string", "jsonPath": ".status.conditions[?(@.type==\"R\")].status"]
                        ],
                    ]
                ],
            ],
        ],
    ]
    for (index, object) in objects.enumerated() { service.apply(.put(object, version: 11 + index)) }
    return service
}()

private let methods = ["GET", "POST", "HEAD", "PATCH"]

/// What libFuzzer calls with each input. Its first byte says what it is taken for: JSON and messages, which must be the same after they
/// were written and read again; an object that comes, with its table; a path of a column; or a request, of which the
/// first line is the target, the second the accepted forms, and the rest the body: every answer must be JSON.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzAPI(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard count > 0 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let rest = Array(bytes[1...])
    switch bytes[0] % 5 {
    case 0:
        guard let json = try? JSON(parsing: rest) else { return 0 }
        guard let again = try? JSON(parsing: json.bytes), again == json else { fatalError("differs: \(json)") }
    case 1:
        if let request = PodRequest(rest), PodRequest(request.json.bytes) != request {
            // What escapes make longer than a message may be is no message any more.
            if request.json.bytes.count <= PodRequest.longest { fatalError("differs: \(request)") }
        }
        guard let update = ObjectUpdate(rest), let message = update.message else { return 0 }
        guard ObjectUpdate(Array(message[4...])) == update else { fatalError("differs: \(update)") }
    case 2:
        guard let object = try? JSON(parsing: rest) else { return 0 }
        var service = service
        service.apply(.put(object, version: 100))
        for kind in service.kinds.kinds {
            _ = Table(kind, now: Timestamp(seconds: 0)).json([object], metadata: [:]).bytes
        }
    case 3:
        guard let path = JSONPath(String(decoding: rest, as: UTF8.self)) else { return 0 }
        _ = path.values(in: ["a": [["b": "c"], 1], "d": ["e": true]])
    default:
        let lines = rest.split(separator: 10, maxSplits: 2, omittingEmptySubsequences: false)
        guard let target = RequestTarget(String(decoding: lines[0], as: UTF8.self)) else { return 0 }
        let request = APIRequest(
            method: methods[count % methods.count], target: target,
            accept: lines.count > 1 ? [String(decoding: lines[1], as: UTF8.self)] : [],
            contentType: count % 3 == 0 ? "application/vnd.kubernetes.protobuf" : "application/json",
            body: lines.count > 2 ? Array(lines[2]) : [])
        switch service.answer(request, at: Timestamp(seconds: 0)) {
        case .document(_, let json, _):
            guard (try? JSON(parsing: json.bytes)) != nil else { fatalError("the answer is no JSON") }
        case .text: break
        case .log(let query):
            var filter = LogFilter(query)
            _ = filter.take(lines.count > 2 ? Array(lines[2]) : [])
            _ = filter.end()
        case .watch(var subscription):
            _ = service.firstLines(of: &subscription, at: Timestamp(seconds: 0))
            _ = try? service.nextLines(of: &subscription, at: Timestamp(seconds: 0))
        }
    }
    return 0
}
