import CLinux
import Glibc
import HostRoots
import NetworkNamespaces
import NetworkObjects
import PodServer
import Rtnetlink
import System

/// What labs of this `/run` have left on this machine that no lab's state tells of any more: found by what the kernel keeps, so also
/// where the state was lost.
///
/// A namespace is nslab's if its `lo` carries a lab's mark. One without the mark is somebody else's, whatever it is called.
public struct Leftovers: Sendable {
    /// A network namespace that carries a lab's mark.
    public struct Namespace: Hashable, Sendable {
        /// The lab's name, as the mark has it.
        public var lab: String
        /// The name of its pin; nil for one that is not pinned and that processes alone keep.
        public var pin: String?
        /// What tells it from others.
        public var identity: FileIdentity
        /// The processes inside.
        public var processes: [pid_t]
    }

    /// Namespaces with a mark.
    public var namespaces: [Namespace] = []
    /// Background processes of labs.
    public var responders: [PodServerProcess.Orphan] = []
    /// Links under `/etc/netns` that lead into a lab's state, by the lab's name.
    public var links: [String: [String]] = [:]
    /// What was written in the roots of labs' hosts, by the lab's name.
    public var roots: [String: [RootStore]] = [:]
    /// Labs whose folder under `/run/nslab` is there without a journal that can be read.
    public var folders: [String] = []

    /// The names of the labs that left something, sorted.
    public var labs: [String] {
        Set(namespaces.map(\.lab) + responders.map(\.lab) + links.keys + roots.keys + folders).sorted()
    }

    /// Whether there is nothing.
    public var isEmpty: Bool { labs.isEmpty }

    /// What is left of labs that are not running: whatever a readable journal names is not among it.
    public static func find() throws(EngineError) -> Leftovers {
        var left = try Leftovers()
        var known: [String: Set<String>] = [:]
        for lab in StateDirectory.labs() {
            do {
                known[lab] = Set(try Journal.Core.read(StateDirectory(lab: lab)).pins)
            } catch .damagedState, .untrusted, .noSuchLab {
                left.folders.append(lab)
            }
        }
        left.namespaces.removeAll { namespace in
            guard let pins = known[namespace.lab] else { return false }
            return namespace.pin.map(pins.contains) ?? false
        }
        left.responders.removeAll { known[$0.lab] != nil }
        left.links = left.links.filter { known[$0.key] == nil }
        for lab in known.keys {
            // One that was moved away, with the folder that it was in, is no running lab's.
            left.roots[lab]?.removeAll { $0.path == StateDirectory(lab: lab).roots.path }
        }
        left.roots = left.roots.filter { !$0.value.isEmpty }
        return left
    }

    /// Everything on this machine that carries a lab's mark.
    ///
    /// - Parameter lab: the lab whose it is; nil for all.
    init(of lab: String? = nil) throws(EngineError) {
        namespaces = try reportingRefusals(of: "network namespaces") {
            try NamespaceThread.run { try Self.markedNamespaces(&$0) }
        }
        responders = try reportingRefusals(of: "processes") { try PodServerProcess.all() }
        for name in try reportingRefusals(of: EtcFiles.folder, { try Directory.list(EtcFiles.folder) }) {
            guard let target = FileDescriptor.linkTarget("\(EtcFiles.folder)/\(name)"),
                let owner = StateDirectory.owner(ofFiles: target)
            else { continue }
            links[owner, default: []].append(name)
        }
        roots = try reportingRefusals(of: "mounts") { try Ownership.roots() }
        if let lab {
            namespaces.removeAll { $0.lab != lab }
            responders.removeAll { $0.lab != lab }
            links = links.filter { $0.key == lab }
            roots = roots.filter { $0.key == lab }
        }
    }

    /// Looks into every pinned namespace, and into every other one that a process is in.
    private static func markedNamespaces(_ thread: inout NamespaceThread) throws -> [Namespace] {
        let home = NamespaceProcesses.namespace(of: getpid())
        var inside: [FileIdentity: [pid_t]] = [:]
        for name in try Directory.list("/proc") {
            guard let pid = pid_t(name), let identity = NamespaceProcesses.namespace(of: pid), identity != home else {
                continue
            }
            inside[identity, default: []].append(pid)
        }
        var found: [Namespace] = []
        var pinned: Set<FileIdentity> = []
        for pin in try NamedNamespaces.names() {
            guard let identity = NamedNamespaces.identity(pin) else { continue }
            pinned.insert(identity)
            guard let lab = try lab(at: NamedNamespaces.path(pin), isPinned: true, &thread) else { continue }
            found.append(Namespace(lab: lab, pin: pin, identity: identity, processes: inside[identity] ?? []))
        }
        for (identity, processes) in inside.sorted(by: { $0.key.inode < $1.key.inode })
        where !pinned.contains(identity) {
            guard let lab = try lab(at: "/proc/\(processes[0])/ns/net", isPinned: false, &thread) else { continue }
            found.append(Namespace(lab: lab, pin: nil, identity: identity, processes: processes))
        }
        return found
    }

    /// The lab whose mark a namespace carries; nil for one that is not nslab's or cannot be looked into.
    private static func lab(
        at path: String, isPinned: Bool, _ thread: inout NamespaceThread
    ) throws -> String? {
        do {
            return try thread.enter(NetworkNamespace(at: path)) { inside in
                var socket = try RouteSocket(in: inside)
                return try Ownership.lab(of: &socket, isPinned: isPinned)
            }
        } catch let error as SystemCallError where error.isShortage {
            throw error
        } catch NetlinkError.system(let call, let errno) where SystemCallError(call, path, errno: errno).isShortage {
            throw SystemCallError(call, path, errno: errno)
        } catch {
            return nil
        }
    }
}
