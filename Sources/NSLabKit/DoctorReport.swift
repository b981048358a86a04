import Blueprint
import Engine
import KernelCapabilities
import NetworkNamespaces
import Topology

/// What this machine can do for a lab, and what it lacks.
public struct DoctorReport: Encodable, Sendable {
    /// Whether the lab that was asked about can be built here.
    public var ready: Bool
    /// The lab that the machine is judged for.
    public var lab: String
    public var kernel: Kernel
    public var checks: [Check]
    /// What earlier labs left behind, a line each; empty where nothing is.
    public var leftovers: [String]

    /// The kernel that runs.
    public struct Kernel: Encodable, Sendable {
        /// `6.12.57+deb13-amd64`.
        public var release: String
        public var version: String
        public var machine: String
    }

    /// One thing that was looked at.
    public struct Check: Encodable, Sendable {
        /// `privileges`, `kernel`, `limits` or `host`.
        public var group: String
        public var name: String
        /// `ok`; `note`, where nslab does not need it; `warning`, where the lab works without it, but not as well; `failed`, where it cannot be built or does not work.
        public var state: String
        /// What was seen.
        public var found: String
        /// What follows; absent where all is well.
        public var consequence: String?
        /// What to do about it.
        public var remedy: String?
    }

    /// Examines this machine.
    ///
    /// - Parameter topology: the lab that it is judged for.
    /// - Throws: `NSLabError` if no machine could have that lab.
    public init(_ topology: Topology) throws(NSLabError) {
        self = try reportingErrors {
            let requirements = Requirements(try Self.blueprint(topology))
            let diagnosis = try MachineDiagnosis(requirements)
            // What other users' processes are in cannot be looked at without privilege.
            let leftovers = Capabilities.missing().isEmpty ? try Leftovers.find().descriptions : []
            return DoctorReport(diagnosis, lab: topology.name, leftovers: leftovers)
        }
    }

    private init(_ diagnosis: MachineDiagnosis, lab: String, leftovers: [String]) {
        ready = diagnosis.isReady
        self.lab = lab
        kernel = Kernel(
            release: diagnosis.release, version: diagnosis.version, machine: diagnosis.machine)
        checks = CheckResult.Group.allCases.flatMap { group in diagnosis.results.filter { $0.group == group } }.map {
            Check(
                group: $0.group.rawValue, name: $0.name, state: $0.state.rawValue, found: $0.found,
                consequence: $0.consequence, remedy: $0.remedy)
        }
        self.leftovers = leftovers
    }

    /// The form that the lab has on this kernel, or, where it can have none, on one that has everything: what that takes is
    /// what is missing here.
    private static func blueprint(_ topology: Topology) throws(NSLabError) -> Blueprint {
        if Capabilities.missing().isEmpty,
            let features = try? KernelFeatures.detect(),
            let blueprint = try? Blueprint(topology: topology, features: features)
        {
            return blueprint
        }
        do { return try Blueprint(topology: topology) } catch { throw NSLabError("\(error)", .badInput) }
    }
}

extension Leftovers {
    /// A line for each, with what removes it.
    fileprivate var descriptions: [String] {
        labs.map { lab in
            let namespaces = namespaces.filter { $0.lab == lab }.count
            let processes = responders.filter { $0.lab == lab }.count
            let parts = [
                namespaces > 0 ? "\(namespaces) namespaces" : nil, processes > 0 ? "a background process" : nil,
                links[lab].map { "\($0.count) links under /etc/netns" }, folders.contains(lab) ? "a state folder" : nil,
                roots[lab].map { "hosts' files at \($0.map(\.path).joined(separator: ", "))" },
            ]
            return "lab \(lab) left \(parts.compactMap { $0 }.joined(separator: ", ")); `nslab down \(lab)` removes it"
        }
    }
}
