import Engine
import Glibc
import System

/// What a lab's Kubernetes API serves besides what the lab is.
public typealias ClusterAPIFiles = Engine.ClusterAPIFiles

extension Lab {
    /// What clients need to know of a lab's Kubernetes API: a kubeconfig, in YAML. Waits for that of a lab that has only just come up.
    ///
    /// - Parameter name: the lab; nil for the only one that is running.
    public static func kubeconfig(_ name: String?) throws(NSLabError) -> String {
        try reportingErrors {
            let name = try name ?? onlyName()
            return try ClusterAPIProcess.kubeconfig(ofLab: name)
        }
    }

    private static func onlyName() throws(EngineError) -> String {
        let labs = StateDirectory.labs()
        guard labs.count == 1 else { throw .labNotNamed(running: labs) }
        return labs[0]
    }
}
