import System

extension BringUp {
    /// Has the processes of the lab's API run, or not, as this bring-up was told. They start while the caller goes on, and are heard of no
    /// more: so it is best done last.
    ///
    /// - Returns: why they do not run where they should, a sentence each: what a lab is for goes on without them.
    public func serveAPI() throws(EngineError) -> [String] {
        if isDryRun || leavesAPI { return [] }
        return try reportingRefusals(of: "lab \(topology.name)") {
            let state = try StateDirectory(typed: topology.name)
            let waiting = { progress(.waiting(lab: topology.name)) }
            return try LabLock.holding(lab: state, creating: false, waiting: waiting) { serve(state) } ?? []
        }
    }

    private func serve(_ state: StateDirectory) -> [String] {
        do throws(SystemCallError) {
            guard let api else {
                try state.api.stop()
                return []
            }
            return try state.api.serve(api) ? [] : [ClusterAPIProcess.lackOfProgram]
        } catch {
            return ["lab \(state.lab) has no Kubernetes API: \(error)"]
        }
    }
}
