import Addresses
import Blueprint
import HTTP
import Topology

/// What a pod's page says: who answered, and whom it saw.
struct PodPage: Hashable, Sendable {
    var pod: PodReference
    /// The address that the pod saw the request come from.
    var client: IPAddress

    /// Reads a page of facts, one a line; nil for anything else.
    init?(_ body: [UInt8]) {
        var facts: [Substring: Substring] = [:]
        for line in String(decoding: body, as: UTF8.self).split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            facts[line[..<colon]] = line[line.index(after: colon)...].drop { $0 == " " }
        }
        guard let name = facts["pod"], let namespace = facts["namespace"],
            let client = facts["client"].flatMap({ IPAddress($0) })
        else { return nil }
        pod = PodReference(namespace: String(namespace), name: String(name))
        self.client = client
    }
}
