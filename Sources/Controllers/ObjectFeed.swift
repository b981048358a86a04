import ClusterObjects
import Glibc
import System

/// What has been told to the process that serves the API: no more is told than what has changed.
struct ObjectFeed {
    /// By object, what tells whether it has changed, and the version of its last change.
    private var told: [Place: (digest: Int, version: Int)] = [:]
    /// The version of the last change.
    private(set) var version: Int

    fileprivate struct Place: Hashable {
        var apiVersion: String
        var kind: String
        var name: ObjectStore.Name
    }

    /// - Parameter version: what no object of the lab has had yet.
    init(version: Int) { self.version = version }

    /// The messages that make what was told these objects.
    mutating func changes(to objects: [JSON]) -> [ObjectUpdate] {
        var updates: [ObjectUpdate] = []
        var left = told
        for object in objects {
            let place = Place(object)
            left[place] = nil
            let digest = Self.digest(object)
            if told[place]?.digest == digest { continue }
            version += 1
            told[place] = (digest, version)
            updates.append(.put(object, version: version))
        }
        for place in left.keys.sorted(by: { ($0.kind, $0.name) < ($1.kind, $1.name) }) {
            version += 1
            told[place] = nil
            updates.append(
                .remove(apiVersion: place.apiVersion, kind: place.kind, place.name, version: version))
        }
        return updates
    }

    /// The messages that tell these objects, which were told before, to a process that knows nothing yet.
    func all(_ objects: [JSON]) -> [ObjectUpdate] {
        objects.map { .put($0, version: told[Place($0)]?.version ?? version) }
    }

    private static func digest(_ object: JSON) -> Int {
        var hasher = Hasher()
        object.bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }
}

extension ObjectFeed.Place {
    fileprivate init(_ object: JSON) {
        self.init(
            apiVersion: object["apiVersion"].text ?? "", kind: object["kind"].text ?? "",
            name: ObjectStore.Name(
                namespace: object["metadata"]["namespace"].text ?? "", name: object["metadata"]["name"].text ?? ""))
    }
}
