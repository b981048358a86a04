import FoundationEssentials
import Glibc
import System
import Topology

/// What is kept of a lab for the commands of other tools, which take its machines for containers.
public struct ContainerRecord: Codable, Hashable, Sendable {
    /// The machines as containers.
    public var containers: [ContainerNode]
    /// The containerlab topology that they are from: an absolute path; nil for a lab of other files.
    public var topologyFile: String?
    /// When the lab was built, in seconds since 1970 began.
    public internal(set) var created = 0

    public init(containers: [ContainerNode], topologyFile: String? = nil) {
        self.containers = containers
        self.topologyFile = topologyFile
    }

    /// What is kept of a running lab; nil for one that was built before anything was.
    public static func read(ofLab lab: String) throws(EngineError) -> ContainerRecord? {
        guard let bytes = try StateDirectory.read(path(StateDirectory(lab: lab))) else { return nil }
        // One that cannot be read is as good as none: what it says has usual values.
        return try? JSONDecoder().decode(ContainerRecord.self, from: Data(bytes))
    }

    /// The topology of a running lab, as it was asked for.
    public static func topology(ofLab lab: String) throws(EngineError) -> Topology {
        try RunningLab.topology(in: StateDirectory(lab: lab))
    }

    /// When a running lab's journal was written last, in seconds since 1970 began: about when one was built that has no record.
    public static func journalTime(ofLab lab: String) -> Int {
        var status = stat()
        return stat(StateDirectory(lab: lab).journal, &status) == 0 ? status.st_mtim.tv_sec : 0
    }

    private static func path(_ state: StateDirectory) -> String { "\(state.path)/containers.json" }

    /// Keeps it for a lab, which has the time that it was built at already unless it is new. The caller holds the lab's lock.
    func write(to state: StateDirectory, isNew: Bool) throws {
        let before = try Self.read(ofLab: state.lab)
        var record = self
        record.created = isNew ? time(nil) : before?.created ?? time(nil)
        if record != before { try StateDirectory.write(json: record, to: Self.path(state)) }
    }
}
