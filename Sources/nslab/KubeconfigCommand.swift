import ArgumentParser
import NSLabKit

/// `nslab kubeconfig`
struct KubeconfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kubeconfig",
        abstract: "Print what kubectl needs to know of a lab's Kubernetes API.",
        discussion: """
            nslab kubeconfig > lab.kubeconfig && export KUBECONFIG=$PWD/lab.kubeconfig && kubectl get nodes
            Who has it may see all of the lab and is root in its hosts. It is gone with the lab.
            """)

    @Argument(
        help: "The lab (default: $NSLAB_LAB, or the only running one).",
        completion: .custom { _, _, _ in Lab.runningNames() })
    var lab: String?

    @OptionGroup var global: GlobalOptions

    func run() throws {
        try Console.output(try Lab.kubeconfig(lab ?? LabOption.surrounding))
    }
}
