import System

extension BringUp {
    /// Has the processes of the lab's API run, or not.
    ///
    /// - Returns: why they do not, where they should: what a lab is for goes on without them.
    static func serve(_ api: ClusterAPIFiles?, _ state: StateDirectory) -> [String] {
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
