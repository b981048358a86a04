import Addresses
import System

/// Why a lab's background process could not be started, changed or ended.
public enum PodServerError: Error {
    /// Something else in the namespace listens at that port already.
    case portTaken(pin: String, transport: Transport, port: UInt16)
    /// The kernel refused something.
    case refused(object: String, SystemCallError)
    /// The process ended or said nothing while it was given its plan; `lastWords` is the end of what it has logged.
    case noAnswer(lastWords: String?)
    /// The process said what is wrong.
    case failed(String)
    /// The program that the process is to run cannot be found.
    case noProgram
}

extension PodServerError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .portTaken(let pin, let transport, let port):
            "\(pin): port \(port)/\(transport): another process listens there; `ip netns exec \(pin) ss -lnp` shows it"
        case .refused(let object, let error): "\(object): \(error.words) (\(error.call))"
        case .noAnswer(let words):
            "the lab's background process ended or does not answer"
                + (words.map { "; the last that it logged is: \($0)" } ?? "")
                + "; it may have had too little memory, or too few threads (`ulimit -u`, the cgroup's pids.max)"
        case .failed(let reason): "the lab's background process: \(reason)"
        case .noProgram: "the program nslab is not found; put it into PATH"
        }
    }
}
