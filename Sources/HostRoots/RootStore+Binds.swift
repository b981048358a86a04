import CLinux
import Glibc
import System

/// Files of the machine's in roots that are there: what a lab binds may change while its hosts are in use.
extension RootStore {
    /// Whether the root of a host shows what it should of the machine's files, as they are now.
    public func isCurrent(_ name: String, _ content: RootContent) throws(SystemCallError) -> Bool {
        let records = try BindRecord.read(directory(of: name))
        return records.count == content.binds.count && Set(records.map(\.bind)) == Set(content.binds)
            && records.allSatisfy(\.isCurrent)
    }

    /// Has the root of a host show what it should: from the next command on, for those that run keep what they have. What was written
    /// in the root stays, but to binds that are gone or that show another file now. The caller holds the lab's lock.
    ///
    /// - Returns: why binds are left out that cannot be had.
    public func update(_ name: String, _ content: RootContent) throws(SystemCallError) -> [SystemCallError] {
        let directory = directory(of: name)
        let records = try BindRecord.read(directory)
        let kept = Self.kept(records, content.binds)
        let old = records.filter { !kept.contains($0) }
        let new = content.binds.filter { bind in !kept.contains { $0.bind == bind } }
        let free = (records.map(\.number).max() ?? -1) + 1
        let outcome: (records: [BindRecord], leftOut: [SystemCallError])
        do {
            outcome = try Background {
                let bound = BoundFiles(new, directory: "\(directory)/binds", from: free)
                try HostRoot.enterMounts(directory)
                for record in old.reversed() { try BoundFiles.detach(record) }
                return bound.attach()
            }.value()
        } catch {
            throw error as? SystemCallError ?? SystemCallError("mount", directory, errno: EINVAL)
        }
        try BindRecord.write(kept + outcome.records, directory)
        return outcome.leftOut
    }

    /// The binds that stay as they are: those that show what they should, and are on none that goes or comes.
    private static func kept(_ records: [BindRecord], _ binds: [RootContent.Bind]) -> [BindRecord] {
        var kept = records.filter { binds.contains($0.bind) && $0.isCurrent }
        while true {
            let others = Set(records.map(\.bind) + binds).subtracting(kept.map(\.bind)).map(\.target)
            let staying = kept.filter { record in
                !others.contains { record.bind.target == $0 || record.bind.target.hasPrefix($0 + "/") }
            }
            if staying.count == kept.count { return kept }
            kept = staying
        }
    }
}
