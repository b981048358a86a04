/// Answers to what a client may do (authorization.k8s.io/v1): all that the API serves, and nothing else.
extension APIService {
    func review(_ path: ObjectPath, _ request: APIRequest) throws(Refusal) -> APIAnswer {
        guard path.name == nil, path.kind.version == "v1" else { throw .noSuchPath }
        switch path.kind.plural {
        case "selfsubjectaccessreviews":
            let spec = try specification(of: request) { ProtobufReview.accessReview($0) }
            return .document(status: 201, answer("SelfSubjectAccessReview", spec, status(of: spec)))
        case "selfsubjectrulesreviews":
            let spec = try specification(of: request) { ProtobufReview.rulesReview($0) }
            return .document(status: 201, answer("SelfSubjectRulesReview", spec, rules))
        default: throw .noSuchPath
        }
    }

    private func answer(_ kind: String, _ spec: JSON, _ status: JSON) -> JSON {
        [
            "kind": .string(kind), "apiVersion": .string("\(KindTable.reviewGroup)/v1"),
            "metadata": ["creationTimestamp": .null], "spec": spec, "status": status,
        ]
    }

    /// The question, in JSON or in protobuf.
    private func specification(of request: APIRequest, _ decode: (ArraySlice<UInt8>) -> JSON?) throws(Refusal) -> JSON {
        switch request.contentType {
        case "application/json", "":
            do throws(JSONError) {
                return try JSON(parsing: request.body)["spec"]
            } catch {
                throw .badRequest("the body of the request is not JSON: \(error)")
            }
        case "application/vnd.kubernetes.protobuf":
            guard let object = ProtobufReader.object(in: request.body), let spec = decode(object) else {
                throw .badRequest("the body of the request is no object of Kubernetes' protobuf")
            }
            return spec
        default:
            throw Refusal(
                415, "UnsupportedMediaType",
                "the body of the request was in an unknown format - accepted media types include: application/json, application/vnd.kubernetes.protobuf"
            )
        }
    }

    private func status(of spec: JSON) -> JSON {
        if !spec["nonResourceAttributes"].isNull {
            let verb = spec["nonResourceAttributes"]["verb"].text ?? ""
            return verb == "get" ? ["allowed": true] : Self.refused
        }
        let attributes = spec["resourceAttributes"]
        let (verb, group) = (attributes["verb"].text ?? "", attributes["group"].text ?? "")
        let plural = attributes["resource"].text ?? ""
        let isServed =
            plural == "*" || kinds.kinds.contains { $0.plural == plural && (group == "*" || $0.group == group) }
        let verbs: [String] =
            switch attributes["subresource"].text ?? "" {
            case "": ResourceKind.verbs
            case "exec" where plural == "pods": KindTable.execVerbs
            default: []
            }
        let isAllowed = isServed && verbs.contains(verb)
        return isAllowed ? ["allowed": true] : Self.refused
    }

    private static let refused: JSON = [
        "allowed": false, "reason": "a lab's API is for reading, and for commands in pods",
    ]

    private var rules: JSON {
        let groups = [""] + kinds.groups.map(\.name)
        return [
            "resourceRules": .array(
                groups.map { group in
                    [
                        "verbs": JSON(ResourceKind.verbs), "apiGroups": [.string(group)],
                        "resources": JSON(kinds.kinds.filter { $0.group == group }.map(\.plural)),
                    ]
                }),
            "nonResourceRules": [["verbs": ["get"], "nonResourceURLs": ["*"]]], "incomplete": false,
        ]
    }
}

/// Fields of a protobuf message (protobuf.dev, "Encoding"), as far as Kubernetes' objects have them.
struct ProtobufReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The fields that have bytes, by number; nil for what is no message.
    static func fields(_ bytes: ArraySlice<UInt8>) -> [(number: Int, bytes: ArraySlice<UInt8>)]? {
        var reader = ProtobufReader(bytes)
        var fields: [(number: Int, bytes: ArraySlice<UInt8>)] = []
        while !reader.rest.isEmpty {
            guard let key = reader.number() else { return nil }
            switch key & 7 {
            case 0: if reader.number() == nil { return nil }
            case 1: if reader.take(8) == nil { return nil }
            case 2:
                guard let count = reader.number(), let bytes = reader.take(count) else { return nil }
                fields.append((Int(clamping: key >> 3), bytes))
            case 5: if reader.take(4) == nil { return nil }
            default: return nil
            }
        }
        return fields
    }

    private mutating func number() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7f) << UInt64(shift)
            if byte & 0x80 == 0 { return value }
        }
        return nil
    }

    private mutating func take(_ count: UInt64) -> ArraySlice<UInt8>? {
        guard count <= UInt64(rest.count) else { return nil }
        defer { rest = rest.dropFirst(Int(count)) }
        return rest.prefix(Int(count))
    }

    /// The object of an envelope: `k8s`, a null byte and a `runtime.Unknown` whose second field it is
    /// (apimachinery/pkg/runtime/serializer/protobuf).
    static func object(in body: [UInt8]) -> ArraySlice<UInt8>? {
        guard body.starts(with: [0x6b, 0x38, 0x73, 0]) else { return nil }
        return fields(body[4...])?.last { $0.number == 2 }?.bytes
    }
}

/// Questions about one's own rights in protobuf (k8s.io/api/authorization/v1/generated.proto).
private enum ProtobufReview {
    /// The specification of a SelfSubjectAccessReview.
    static func accessReview(_ object: ArraySlice<UInt8>) -> JSON? {
        guard let spec = message(object, 2) else { return nil }
        var result: JSON = [:]
        if let attributes = message(spec, 1) {
            result["resourceAttributes"] = texts(
                attributes, ["namespace", "verb", "group", "version", "resource", "subresource", "name"])
        }
        if let attributes = message(spec, 2) {
            result["nonResourceAttributes"] = texts(attributes, ["path", "verb"])
        }
        return result
    }

    /// The specification of a SelfSubjectRulesReview.
    static func rulesReview(_ object: ArraySlice<UInt8>) -> JSON? {
        message(object, 2).flatMap { texts($0, ["namespace"]) }
    }

    private static func message(_ bytes: ArraySlice<UInt8>, _ number: Int) -> ArraySlice<UInt8>? {
        ProtobufReader.fields(bytes)?.last { $0.number == number }?.bytes
    }

    /// Fields of text, numbered from 1 in this order.
    private static func texts(_ bytes: ArraySlice<UInt8>, _ names: [String]) -> JSON {
        var result: JSON = [:]
        for (number, bytes) in ProtobufReader.fields(bytes) ?? [] where (1...names.count).contains(number) {
            result[names[number - 1]] = .string(String(decoding: bytes, as: UTF8.self))
        }
        return result
    }
}
