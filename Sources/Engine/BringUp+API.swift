import System

extension BringUp {
    /// Has the processes of the lab's API run, or not, as this bring-up was told. They start while the caller goes on, and are heard of no
    /// more: so it is best done last.
    ///
    /// - Returns: why they do not run where they should, a sentence each: what a lab is for goes on without them.
    public func serveAPI() -> [String] {
        if isDryRun || leavesAPI { return [] }
        do {
            let state = try StateDirectory(typed: topology.name)
            let waiting = { progress(.waiting(lab: topology.name)) }
            return try LabLock.holding(lab: state, creating: false, waiting: waiting) {
                if let api { return try state.api.serve(api) ? [] : [ClusterAPIProcess.lackOfProgram] }
                try state.api.stop()
                return []
            } ?? []
        } catch {
            return ["lab \(topology.name) has no Kubernetes API: \(error)"]
        }
    }
}
