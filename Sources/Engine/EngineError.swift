import Blueprint
import Glibc
import KernelCapabilities
import NetworkNamespaces
import NetworkObjects
import Nftables
import PodServer
import Rtnetlink
import System
import Topology

/// Why a lab could not be built, found or removed.
public enum EngineError: Error {
    /// A namespace file that is not this lab's has the name of one of its namespaces.
    case namespaceInTheWay(pin: String)
    /// A name that no lab can have.
    case notALabName(String)
    /// There is no lab of that name.
    case noSuchLab(String)
    /// No lab is running, or more than one and none was named.
    case labNotNamed(running: [String])
    /// A name that no namespace of the lab has, or a prefix that several share.
    case noSuchNamespace(lab: String, name: String, candidates: [String])
    /// The lab has no Kubernetes API, or none that works.
    case noAPI(String)
    /// What only the user who brought the lab up may see.
    case notOwner(String)
    /// A namespace that is none of the lab's routers.
    case notARouter(String, kind: String, routers: [String])
    /// No link of the lab is called so; the candidates are those of the namespace that was named, if one was.
    case noSuchLink(String, candidates: [String])
    /// A link of which the lab has one end alone.
    case noOtherEnd(String)
    /// This machine lacks what the lab cannot be built without: what, what follows and what to do.
    case lacking(String)
    /// The kernel refused an object; `object` says which, `reason` gives the kernel's words, `advice` a next step.
    case refused(object: String, reason: String, advice: String?)
    /// A signal asked for the end while the lab was being built or changed; `isLeft` says whether anything of it is there.
    case interrupted(lab: String, isLeft: Bool)
    /// Something under `/run/nslab` is not nslab's own, so it is neither read nor written nor removed.
    case untrusted(path: String, reason: String)
    /// The lab's state was written by a later nslab, in a form that this one does not know.
    case newerState(lab: String, version: Int)
    /// A file of the lab's state is not as nslab wrote it.
    case damagedState(path: String, reason: String)
    /// Something went wrong that neither the kernel nor the user is to blame for.
    case unexpected(object: String, any Error)
}

extension EngineError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .namespaceInTheWay(let pin):
            "\(NamedNamespaces.path(pin)) is in the way: a network namespace of that name is not this lab's; "
                + "choose another lab name with --name, or remove it with `ip netns del \(pin)`"
        case .notALabName(let name): Topology.complaint(aboutName: name)
        case .noSuchLab(let lab):
            "no lab \(lab) is running; `nslab list` shows those that are"
        case .labNotNamed(let running):
            running.isEmpty
                ? "no lab is running; start one with `nslab up`"
                : "several labs are running (\(running.joined(separator: ", "))); say which with --lab"
        case .noSuchNamespace(let lab, let name, let candidates):
            candidates.isEmpty
                ? "lab \(lab) has no namespace \(name); `nslab inspect \(lab)` shows its names"
                : "\(name) could be \(candidates.joined(separator: ", ")); write more of the name"
        case .noAPI(let lab):
            "lab \(lab) has no Kubernetes API: it is no cluster, or was brought up with --no-api; `nslab up` with its source starts "
                + "one that has ended (\(StateDirectory(lab: lab).path)/api.log says why)"
        case .notOwner(let lab):
            "lab \(lab) belongs to who brought it up; run nslab with sudo, or as that user"
        case .notARouter(let name, let kind, let routers):
            "\(name) is a \(kind) and answers no switch's commands; "
                + (routers.isEmpty ? "the lab has no router" : "these do: \(routers.joined(separator: ", "))")
        case .noSuchLink(let name, let candidates):
            candidates.isEmpty
                ? "\(name) names no link; write NAME:INTERFACE, such as dual-stack-worker:eth1"
                : "there is no link \(name); there are \(candidates.joined(separator: ", "))"
        case .noOtherEnd(let name):
            "\(name) is no cable between two namespaces of the lab, so frames have one direction there: out"
        case .lacking(let sentence): sentence
        case .refused(let object, let reason, let advice):
            "\(object): \(reason)" + (advice.map { "; \($0)" } ?? "")
        case .interrupted(let lab, let isLeft):
            isLeft
                ? "interrupted: lab \(lab) is left partly changed; `nslab up` goes on, `nslab down \(lab)` removes it"
                : "interrupted: what there was of lab \(lab) is removed again"
        case .untrusted(let path, let reason):
            "\(path) is not nslab's: \(reason); look at it, and remove it by hand"
        case .newerState(let lab, let version):
            "lab \(lab) was made by a newer nslab (state version \(version); this one knows \(Journal.currentVersion)); "
                + "use that nslab, or remove the lab with `nslab down \(lab)`"
        case .damagedState(let path, let reason):
            "\(path): \(reason); `nslab down` removes the lab all the same"
        case .unexpected(let object, let error): "\(object): unexpected error: \(error)"
        }
    }
}

extension EngineError {
    /// A lab could not be made, nor what there was of it be removed again.
    public static func removal(of lab: String, after error: any Error, failed second: any Error) -> EngineError {
        .refused(
            object: "\(error)", reason: "and then, while it was being removed again: \(second)",
            advice: "`nslab down \(lab)` removes what is left")
    }

    /// A refused system call, with the next step that its error number suggests.
    init(_ error: SystemCallError, object: String? = nil) {
        let object = object.map { "\($0): \(error.object)" } ?? error.object
        self = .refused(object: object, reason: "\(error.words) (\(error.call))", advice: error.advice)
    }

    /// A netlink exchange that went wrong as a whole.
    init(_ error: NetlinkError, object: String) {
        if case .system(let call, let errno) = error {
            self.init(SystemCallError(call, "netlink", errno: errno), object: object)
        } else {
            self = .refused(object: object, reason: "\(error)", advice: nil)
        }
    }

    /// A request that the kernel refused, with the next step that its sort and error number suggest.
    init(_ failure: RequestFailure, object: String, operation: Operation) {
        let advice: String? =
            switch (failure.errno, operation) {
            case (EOPNOTSUPP, .make(let object)): (object.value as? Link).flatMap { KernelFeature($0.kind)?.lack }
            default: SystemCallError("sendto", object, errno: failure.errno).advice
            }
        self = .refused(object: object, reason: "\(failure)", advice: advice)
    }
}

/// Runs `body`; what it throws becomes an `EngineError`.
///
/// - Parameter object: what an error is about that does not say so itself.
func reportingRefusals<Value: ~Copyable>(of object: String, _ body: () throws -> Value) throws(EngineError) -> Value {
    do {
        return try body()
    } catch let error as EngineError {
        throw error
    } catch let error as SystemCallError {
        throw EngineError(error)
    } catch let error as NetlinkError {
        throw EngineError(error, object: object)
    } catch PodServerError.refused(let object, let error) {
        throw EngineError(error, object: object)
    } catch let error as PodServerError {
        throw .refused(object: object, reason: "\(error)", advice: nil)
    } catch let error as NftablesError {
        throw .refused(object: "\(object): nf_tables", reason: error.message, advice: nil)
    } catch let error as BlueprintError {
        throw .lacking("\(error)")
    } catch {
        throw .unexpected(object: object, error)
    }
}
