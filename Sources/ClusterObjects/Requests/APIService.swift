/// The API of a cluster as far as it is read: what is answered to whom, without a socket.
public struct APIService: Sendable {
    public internal(set) var store: ObjectStore
    public internal(set) var kinds: KindTable
    private let beginning: ObjectUpdate.Beginning
    /// Where clients reach it: `127.0.0.1:6443`.
    private let address: String

    /// An API without objects.
    public init(_ beginning: ObjectUpdate.Beginning, address: String) {
        self.beginning = beginning
        self.address = address
        store = ObjectStore(version: beginning.version)
        kinds = beginning.hasCalicoAPI ? .clusterWithCalicoAPI : beginning.hasCalico ? .clusterWithCalico : .cluster
    }

    /// Takes in what has become of an object. What is of no kind that is served is left out.
    public mutating func apply(_ update: ObjectUpdate) {
        switch update {
        case .put(let object, let version):
            if object["kind"].text == "CustomResourceDefinition" { kinds.add(definition: object) }
            guard let kind = kinds.kind(of: object) else { return }
            store.put(object, of: kind, version: version)
        case .remove(let apiVersion, let kind, let name, let version):
            guard let kind = kinds.kind(of: ["apiVersion": .string(apiVersion), "kind": .string(kind)]) else { return }
            store.remove(name, of: kind, version: version)
        case .ready: store.forgetHistory()
        case .begin: break
        }
    }

    /// Answers a request.
    ///
    /// - Parameter now: what ages are counted to.
    public func answer(_ request: APIRequest, at now: Timestamp) -> APIAnswer {
        do throws(Refusal) {
            return try reply(to: request, at: now)
        } catch {
            return .document(status: error.code, error.json)
        }
    }

    private func reply(to request: APIRequest, at now: Timestamp) throws(Refusal) -> APIAnswer {
        let path = request.target.path
        let isRead = request.method == "GET" || request.method == "HEAD"
        if isRead, let answer = document(at: path, request.accepted) { return answer }
        guard let object = ObjectPath(path) else { throw .noSuchPath }
        if object.kind.group == KindTable.reviewGroup, request.method == "POST" { return try review(object, request) }
        guard let kind = kinds[object.kind] else { throw .noSuchPath }
        if kind.kind == "Pod", let part = object.subresource { try Self.refuse(part) }
        guard isRead else {
            throw Refusal(
                405, "MethodNotAllowed",
                "a lab's API is for reading: change the lab's files, and `nslab up` makes it so",
                details: ["kind": .string(kind.plural), "group": kind.group.isEmpty ? .null : .string(kind.group)])
        }
        return try read(object, kind, request, at: now)
    }

    /// Refuses what is asked of a part of a pod and is not done here.
    private static func refuse(_ part: String) throws(Refusal) {
        switch part {
        case "exec", "portforward": throw .badRequest("Upgrade request required")
        case "attach": throw .noAttach
        default: break
        }
    }

    // MARK: Documents

    private func document(at path: [String], _ accepted: AcceptedForms) -> APIAnswer? {
        switch path.count {
        case 0:
            return .document(
                status: 200, ["paths": JSON(["/api", "/apis", "/healthz", "/livez", "/readyz", "/version"])])
        case 1:
            if ["healthz", "livez", "readyz"].contains(path[0]) { return .text(status: 200, "ok") }
            if path[0] == "version" { return .document(status: 200, version) }
            if path[0] == "api" || path[0] == "apis" {
                let isCore = path[0] == "api"
                guard let version = accepted.aggregatedDiscovery else {
                    return .document(
                        status: 200, isCore ? kinds.coreVersions(server: address) : kinds.groupList)
                }
                return .document(
                    status: 200, kinds.aggregated(isCore: isCore, version: version),
                    contentType:
                        "application/json;g=apidiscovery.k8s.io;v=\(version);as=APIGroupDiscoveryList")
            }
        case 2 where path[0] == "api":
            return kinds.resourceList(group: "", version: path[1]).map { .document(status: 200, $0) }
        case 2 where path[0] == "apis": return kinds.group(path[1]).map { .document(status: 200, $0) }
        case 3 where path[0] == "apis":
            return kinds.resourceList(group: path[1], version: path[2]).map { .document(status: 200, $0) }
        default: break
        }
        return nil
    }

    private var version: JSON {
        let full = beginning.kubernetesVersion
        let parts = full.drop { $0 == "v" }.split(separator: ".").map(String.init)
        #if arch(arm64)
            let platform = "linux/arm64"
        #else
            let platform = "linux/amd64"
        #endif
        return [
            "major": JSON(parts.first), "minor": JSON(parts.dropFirst().first), "gitVersion": .string(full),
            "gitCommit": "", "gitTreeState": "clean", "buildDate": "1970-01-01T00:00:00Z", "goVersion": "",
            "compiler": "", "platform": .string(platform),
        ]
    }

    // MARK: Objects

    private func read(
        _ path: ObjectPath, _ kind: ResourceKind, _ request: APIRequest, at now: Timestamp
    ) throws(Refusal) -> APIAnswer {
        let target = request.target
        if kind.kind == "Pod", path.subresource == "log", let namespace = path.namespace, let name = path.name {
            guard let pod = store.object(.init(namespace: namespace, name: name), of: kind) else {
                throw .notFound(kind, name)
            }
            return .log(try LogQuery(target, pod: pod, at: now))
        }
        guard let form = request.accepted.form else {
            throw Refusal(
                406, "NotAcceptable", "only the following media types are accepted: application/json")
        }
        guard path.subresource == nil || path.subresource == "status", kind.isNamespaced || path.namespace == nil else {
            throw .noSuchPath
        }
        let detail: Table.Detail
        if let text = target["includeObject"] {
            guard let known = Table.Detail(rawValue: text) else {
                throw .badRequest("includeObject: Unsupported value: \"\(text)\"")
            }
            detail = known
        } else {
            detail = .metadata
        }
        let isWatch = path.isWatch || target.isTrue("watch")
        if let name = path.name, !isWatch {
            guard !kind.isNamespaced || path.namespace != nil else { throw .noSuchPath }
            let place = ObjectStore.Name(namespace: path.namespace ?? "", name: name)
            guard let object = store.object(place, of: kind) else { throw .notFound(kind, name) }
            return .document(status: 200, shown(object, kind, form, detail, at: now))
        }
        let query = ObjectQuery(
            namespace: path.namespace, name: path.name,
            labels: try target["labelSelector"].map { text throws(Refusal) in try LabelRequirements(text) } ?? .none,
            fields: try target["fieldSelector"].map { text throws(Refusal) in
                try FieldRequirements(text, of: kind)
            } ?? .none)
        if isWatch { return .watch(try subscription(kind, query, form, detail, target)) }
        return .document(status: 200, try list(kind, query, form, detail, target, at: now))
    }

    private func shown(
        _ object: JSON, _ kind: ResourceKind, _ form: AcceptedForms.Form, _ detail: Table.Detail, at now: Timestamp
    ) -> JSON {
        switch form {
        case .objects: object
        case .metadata(let version): Self.partial(object, version: version)
        case .table(let version):
            Table(kind, detail: detail, version: version, now: now).json(
                [object], metadata: ["resourceVersion": object["metadata"]["resourceVersion"]])
        }
    }

    private func list(
        _ kind: ResourceKind, _ query: ObjectQuery, _ form: AcceptedForms.Form, _ detail: Table.Detail,
        _ target: RequestTarget, at now: Timestamp
    ) throws(Refusal) -> JSON {
        var limit: Int?
        if let text = target["limit"] {
            guard let number = Int(text), number >= 0 else { throw .badRequest("limit: \"\(text)\" is no number") }
            limit = number
        }
        let continuation = target["continue"].flatMap { $0.isEmpty ? nil : $0 }
        let list = try ObjectList(store, of: kind, query, limit: limit, continuation: continuation)
        switch form {
        case .table(let version):
            return Table(kind, detail: detail, version: version, now: now).json(list.items, metadata: list.metadata)
        case .metadata(let version):
            return [
                "kind": "PartialObjectMetadataList", "apiVersion": .string("meta.k8s.io/\(version)"),
                "metadata": list.metadata,
                "items": .array(list.items.map { Self.partial($0, version: version) }),
            ]
        case .objects:
            return [
                "kind": .string(kind.kind + "List"), "apiVersion": .string(kind.apiVersion), "metadata": list.metadata,
                "items": .array(kinds.isCustom(kind) ? list.items : list.items.map(\.withoutKind)),
            ]
        }
    }

    private func subscription(
        _ kind: ResourceKind, _ query: ObjectQuery, _ form: AcceptedForms.Form, _ detail: Table.Detail,
        _ target: RequestTarget
    ) throws(Refusal) -> WatchSubscription {
        let text = target["resourceVersion"] ?? ""
        guard let from = text.isEmpty ? 0 : Int(text), from >= 0 else {
            throw .badRequest("resourceVersion: Invalid value: \"\(text)\"")
        }
        let sendsInitial = target.isTrue("sendInitialEvents")
        let allowsBookmarks = target.isTrue("allowWatchBookmarks")
        var first: [WatchEvent] = []
        var version = from
        if sendsInitial || from == 0 {
            version = store.version
            let isWanted = target["sendInitialEvents"] == nil || sendsInitial
            first = isWanted ? store.objects(of: kind, query).map { WatchEvent(.added, $0) } : []
            if sendsInitial, allowsBookmarks {
                first.append(.bookmark(kind, version: version, endsInitialEvents: true))
            }
        } else {
            // One from the future, as of a lab that had the name before, is none of this store's.
            if from > store.version { throw .expired(from, oldest: store.oldestVersion) }
            _ = try store.changes(after: from)
        }
        let seconds = target["timeoutSeconds"].flatMap { Int($0) } ?? WatchSubscription.longest
        return WatchSubscription(
            kind: kind.identity, query: query, form: form, detail: detail, version: version, firstEvents: first,
            allowsBookmarks: allowsBookmarks, seconds: min(max(seconds, 1), WatchSubscription.longest))
    }

    /// An object's metadata alone.
    static func partial(_ object: JSON, version: String) -> JSON {
        [
            "kind": "PartialObjectMetadata", "apiVersion": .string("meta.k8s.io/\(version)"),
            "metadata": object["metadata"],
        ]
    }
}

extension JSON {
    /// An object as lists of its kind have it.
    fileprivate var withoutKind: JSON {
        guard case .object(var members) = self else { return self }
        (members["kind"], members["apiVersion"]) = (nil, nil)
        return .object(members)
    }
}
