/// What a client asks of the API, without the connection that it came on.
public struct APIRequest: Hashable, Sendable {
    /// `GET`, `POST`, …
    public var method: String
    public var target: RequestTarget
    /// The forms of answers that are taken, the best first.
    public var accepted: AcceptedForms
    /// What the body is, without parameters.
    public var contentType: String
    public var body: [UInt8]

    /// - Parameters:
    ///   - accept: the values of the header `Accept`.
    ///   - contentType: the value of the header `Content-Type`.
    public init(
        method: String, target: RequestTarget, accept: [String] = [], contentType: String? = nil, body: [UInt8] = []
    ) {
        self.method = method
        self.target = target
        accepted = AcceptedForms(accept)
        let type = contentType?.split(separator: ";").first ?? ""
        self.contentType = type.filter { $0 != " " }.lowercased()
        self.body = body
    }

    /// The longest body that is taken, in bytes, as the API server has it.
    public static let longestBody = 3 << 20
}

/// The forms of an answer that a client takes (RFC 9110, 12.5.1), as far as the API tells forms apart.
public struct AcceptedForms: Hashable, Sendable {
    private var entries: [Entry] = []

    private struct Entry: Hashable, Sendable {
        var type: String
        var parameters: [String: String]
    }

    public init(_ headers: [String]) {
        for text in headers.flatMap({ $0.split(separator: ",") }) {
            let parts = text.split(separator: ";").map { $0.filter { $0 != " " } }
            guard let type = parts.first else { continue }
            var parameters: [String: String] = [:]
            for part in parts.dropFirst() {
                let pair = part.split(separator: "=", maxSplits: 1)
                if pair.count == 2 { parameters[String(pair[0])] = String(pair[1]) }
            }
            entries.append(Entry(type: type.lowercased(), parameters: parameters))
        }
    }

    private static let jsonTypes: Set<String> = ["application/json", "application/*", "*/*"]

    /// How objects are wanted.
    public enum Form: Hashable, Sendable {
        case objects
        /// As kubectl's tables, of this version of `meta.k8s.io`.
        case table(version: String)
        /// Their metadata alone.
        case metadata(version: String)
    }

    /// How objects are wanted; nil where a client takes nothing that is made here.
    public var form: Form? {
        if entries.isEmpty { return .objects }
        for entry in entries where Self.jsonTypes.contains(entry.type) {
            let version = entry.parameters["v"] ?? "v1"
            switch entry.parameters["as"] {
            case nil: return .objects
            case "Table" where ["v1", "v1beta1"].contains(version): return .table(version: version)
            case "PartialObjectMetadata", "PartialObjectMetadataList": return .metadata(version: version)
            default: continue
            }
        }
        return nil
    }

    /// The version of the aggregated discovery that is wanted; nil for the old form.
    public var aggregatedDiscovery: String? {
        for entry in entries where Self.jsonTypes.contains(entry.type) {
            guard entry.parameters["as"] == "APIGroupDiscoveryList" else { return nil }
            if let version = entry.parameters["v"], ["v2", "v2beta1"].contains(version) { return version }
        }
        return nil
    }
}

/// What the API answers.
public enum APIAnswer: Hashable, Sendable {
    case document(status: Int, JSON, contentType: String = "application/json")
    case text(status: Int, String)
    /// A pod's log, as lines.
    case log(LogQuery)
    /// Events without end, a line each.
    case watch(WatchSubscription)
}
