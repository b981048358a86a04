import Calico
import ClusterObjects

/// The objects that a cluster has of a lab: those that its files say, and those that a control plane, kubelets and Calico would
/// have made of them (kube-controller-manager, kube-scheduler, kubelet, calico-node and calico-kube-controllers of Calico 3.30).
public struct ClusterState: Sendable {
    /// The objects, each with `apiVersion` and `kind`.
    public private(set) var objects: [JSON] = []
    let lab: ClusterLab
    let observed: ClusterObservation
    /// The places of objects in the list.
    private var places: [ObjectIdentity: Int] = [:]

    /// Works out all objects.
    public init(_ lab: ClusterLab, _ observed: ClusterObservation) {
        self.lab = lab
        self.observed = observed
        addNamespaces()
        addNodes()
        addWorkloads()
        addSystemPods()
        addServices()
        if lab.hasCalico { addCalico() }
        addWritten()
        addConfiguration()
        if lab.hasCalicoAPI { addCalicoAPI() }
        addEvents()
    }

    /// What tells objects apart.
    struct ObjectIdentity: Hashable {
        var apiVersion: String
        var kind: String
        var namespace: String
        var name: String
    }

    /// Whether there is an object of this name.
    func has(_ apiVersion: String, _ kind: String, _ namespace: String, _ name: String) -> Bool {
        places[ObjectIdentity(apiVersion: apiVersion, kind: kind, namespace: namespace, name: name)] != nil
    }

    /// Adds an object; the first one of a name stays.
    mutating func add(_ object: JSON) {
        let metadata = object["metadata"]
        let identity = ObjectIdentity(
            apiVersion: object["apiVersion"].text ?? "", kind: object["kind"].text ?? "",
            namespace: metadata["namespace"].text ?? "", name: metadata["name"].text ?? "")
        guard places[identity] == nil else { return }
        places[identity] = objects.count
        objects.append(object)
    }

    /// An object with the metadata that every object has.
    ///
    /// - Parameter written: what a manifest says of it.
    func object(
        _ apiVersion: String, _ kind: String, namespace: String? = nil, _ name: String, labels: [String: String] = [:],
        annotations: [String: String] = [:], owner: JSON = .null, created: Timestamp? = nil,
        hasGeneration: Bool = false, written: JSON = .null
    ) -> JSON {
        var metadata = written["metadata"]
        metadata["name"] = .string(name)
        metadata["namespace"] = JSON(namespace)
        metadata["uid"] = .string(uid(apiVersion, kind, namespace ?? "", name))
        metadata["creationTimestamp"] = .string((created ?? lab.created).description)
        if hasGeneration { metadata["generation"] = 1 }
        let allLabels = metadata["labels"].texts.merging(labels) { $1 }
        metadata["labels"] = JSON(texts: allLabels)
        var allAnnotations = metadata["annotations"].texts.merging(annotations) { $1 }
        // kubectl apply keeps what it was given, and asks for it when it is given something else.
        if !written.isNull {
            allAnnotations["kubectl.kubernetes.io/last-applied-configuration"] = written.description + "\n"
        }
        metadata["annotations"] = JSON(texts: allAnnotations)
        if !owner.isNull { metadata["ownerReferences"] = [owner] }
        var object: JSON = ["kind": .string(kind), "apiVersion": .string(apiVersion), "metadata": metadata]
        for entry in written.members where !["kind", "apiVersion", "metadata", "status"].contains(entry.name) {
            object[entry.name] = entry.value
        }
        return object
    }

    /// An object's uid, always the same for one lab and name (RFC 9562, 5.5).
    func uid(_ apiVersion: String, _ kind: String, _ namespace: String, _ name: String) -> String {
        let seed = "\(lab.topology.name)/\(apiVersion)/\(kind)/\(namespace)/\(name)"
        let hex = Array(SHA1.hexDigest(seed).utf8)
        func part(_ range: Range<Int>) -> String { String(decoding: hex[range], as: UTF8.self) }
        let variant = Array("89ab".utf8)[Int(hex[16]) % 4]
        return "\(part(0..<8))-\(part(8..<12))-5\(part(13..<16))-\(String(decoding: [variant], as: UTF8.self))"
            + "\(part(17..<20))-\(part(20..<32))"
    }

    /// How an object names the one that made it.
    func owner(_ apiVersion: String, _ kind: String, _ namespace: String, _ name: String) -> JSON {
        var owner: JSON = [
            "apiVersion": .string(apiVersion), "kind": .string(kind), "name": .string(name),
            "uid": .string(uid(apiVersion, kind, namespace, name)), "controller": true,
        ]
        if kind != "Node" { owner["blockOwnerDeletion"] = true }
        return owner
    }

    /// What a manifest says of an object; null if none does.
    func written(_ kind: String, _ namespace: String, _ name: String) -> JSON {
        lab.written[ClusterLab.Written(kind, namespace, name)] ?? .null
    }

    /// A condition of an object's status.
    func condition(
        _ type: String, _ status: String, reason: String? = nil, message: String? = nil, since: Timestamp? = nil,
        hasHeartbeat: Bool = false
    ) -> JSON {
        let time = (since ?? lab.created).description
        return [
            "type": .string(type), "status": .string(status),
            "lastHeartbeatTime": hasHeartbeat ? .string(time) : .null, "lastTransitionTime": .string(time),
            "reason": JSON(reason), "message": JSON(message),
        ]
    }
}
