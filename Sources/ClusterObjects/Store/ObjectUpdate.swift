/// What the process that knows a lab tells the one that serves its objects, a message each.
///
/// A message is four bytes of its length, the most significant first, and so many bytes of JSON.
public enum ObjectUpdate: Hashable, Sendable {
    /// The first message: what the store begins with.
    case begin(Beginning)
    /// An object that is new or has changed, and the version of the change.
    case put(JSON, version: Int)
    /// An object that is gone.
    case remove(apiVersion: String, kind: String, ObjectStore.Name, version: Int)
    /// All objects of the lab as it was have been told: requests can be answered.
    case ready

    public struct Beginning: Hashable, Sendable {
        /// The lab's name.
        public var lab: String
        /// The version that the store begins with.
        public var version: Int
        /// Kubernetes' version that the cluster says it has: `v1.28.0`.
        public var kubernetesVersion: String
        /// Whether the cluster has Calico's kinds.
        public var hasCalico: Bool
        /// Whether its own API server answers for them, too.
        public var hasCalicoAPI: Bool

        public init(
            lab: String, version: Int, kubernetesVersion: String, hasCalico: Bool, hasCalicoAPI: Bool = false
        ) {
            self.lab = lab
            self.version = version
            self.kubernetesVersion = kubernetesVersion
            self.hasCalico = hasCalico
            self.hasCalicoAPI = hasCalicoAPI
        }
    }

    /// The longest message in bytes, without its length.
    public static let longest = 4 << 20

    /// The message without its length.
    public var json: JSON {
        switch self {
        case .begin(let beginning):
            [
                "begin": .string(beginning.lab), "version": .integer(beginning.version),
                "kubernetes": .string(beginning.kubernetesVersion), "calico": .bool(beginning.hasCalico),
                "calicoAPI": .bool(beginning.hasCalicoAPI),
            ]
        case .put(let object, let version): ["put": object, "version": .integer(version)]
        case .remove(let apiVersion, let kind, let name, let version):
            [
                "remove": .string(name.name), "namespace": .string(name.namespace), "apiVersion": .string(apiVersion),
                "kind": .string(kind), "version": .integer(version),
            ]
        case .ready: ["ready": true]
        }
    }

    /// The whole message; nil for one that is too long.
    public var message: [UInt8]? {
        let body = json.bytes
        guard body.count <= Self.longest else { return nil }
        let count = UInt32(body.count)
        return [UInt8(count >> 24), UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255)] + body
    }

    /// Reads a message without its length; nil for one that makes no sense.
    public init?(_ body: [UInt8]) {
        // Where in it the sense is lost matters to nobody: both ends are this program.
        guard body.count <= Self.longest, let json = try? JSON(parsing: body) else { return nil }
        if json["ready"].isTrue {
            self = .ready
            return
        }
        guard let version = json["version"].integer, version >= 0 else { return nil }
        if let lab = json["begin"].text, let kubernetes = json["kubernetes"].text {
            self = .begin(
                Beginning(
                    lab: lab, version: version, kubernetesVersion: kubernetes, hasCalico: json["calico"].isTrue,
                    hasCalicoAPI: json["calicoAPI"].isTrue))
        } else if let name = json["remove"].text, let namespace = json["namespace"].text,
            let apiVersion = json["apiVersion"].text, let kind = json["kind"].text
        {
            self = .remove(
                apiVersion: apiVersion, kind: kind, ObjectStore.Name(namespace: namespace, name: name),
                version: version)
        } else if case .object = json["put"] {
            self = .put(json["put"], version: version)
        } else {
            return nil
        }
    }
}
