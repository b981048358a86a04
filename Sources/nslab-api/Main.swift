import ClusterAPI
import Glibc

/// `nslab-api LAB`: the process that serves a lab's API. `nslab up` has it started; it is of no use to anybody else.
@main
struct APIProgram {
    static func main() {
        guard CommandLine.arguments.count == 2, fcntl(3, F_GETFD) >= 0 else {
            let sentence =
                "nslab-api serves the API of a lab; `nslab up` starts it, `nslab kubeconfig` says how to reach it\n"
            _ = sentence.withCString { write(STDERR_FILENO, $0, strlen($0)) }
            exit(2)
        }
        APIServerService.run(lab: CommandLine.arguments[1])
    }
}
