import Blueprint
import Calico
import Glibc
import HostRoots
import NetworkNamespaces
import System

/// Commands in a lab's hosts.
extension RunningLab {
    /// Whose files a command sees.
    public enum Files: Sendable {
        /// Those of the host's own root: the machine's, copy on write.
        case host
        /// The machine's own.
        case machine
    }

    /// Becomes a command inside one of the lab's hosts; returns only by throwing. A root that the host has not had yet is made.
    ///
    /// - Parameters:
    ///   - arguments: the program, looked up in PATH, and its arguments.
    ///   - rights: what it may do in the host's root.
    ///   - waiting: called once if another command works on the lab.
    ///   - warn: called with what the command has to do without.
    /// - Throws: `EngineError`; `SystemCallError` from execvp(3) where the program cannot be run.
    public func become(
        _ arguments: [String], in name: String, files: Files, rights: Rights = .full, waiting: () -> Void,
        warn: (Command.Lack) -> Void
    ) throws -> Never {
        let (entry, pod) = try entry(ofHost: name)
        let namespace = blueprint.namespaces.first { $0.name == entry.name }
        let command = Command(pin: entry.pin, arguments: arguments)
        let state = StateDirectory(lab: journal.lab)
        do {
            switch files {
            case .machine:
                try command.replaceProcess(
                    hostname: namespace?.hostname ?? entry.name,
                    etc: try EtcFiles.path(namespace, pin: entry.pin, state), warn: warn)
            case .host:
                let content = try RootContent(namespace, named: entry.name, of: pod)
                var command = command
                command.environment = namespace?.environment ?? [:]
                if let mark = getenv(CommandProcess.variable) {
                    command.environment[CommandProcess.variable] = String(cString: mark)
                }
                let root = try root(of: entry, pod, content, state, waiting, warn)
                try command.replaceProcess(in: root, content, rights: rights, warn: warn)
            }
        } catch let error as SystemCallError where error.call != "execvp" {
            throw EngineError(error, object: entry.name)
        }
    }

    /// The word by which nslab starts itself to make roots: what builds a lab has given up rights that they take.
    public static let rootsCommand = "_roots"

    /// Makes the roots of hosts. The caller, or whoever has started it, holds the lab's lock.
    ///
    /// - Parameter warn: called with a host and what its root has to do without.
    public func makeRoots(of names: [String], warn: (String, Command.Lack) -> Void) throws {
        let store = StateDirectory(lab: journal.lab).roots
        for name in names {
            let entry = try journal.namespace(named: name)
            let namespace = blueprint.namespaces.first { $0.name == entry.name }
            let leftOut = try store.make(
                entry.name, try RootContent(namespace, named: entry.name), namespace: NamedNamespaces.path(entry.pin))
            for error in leftOut { warn(entry.name, .bind(error)) }
            if let reason = try store.root(of: entry.name)?.readOnlyReason { warn(entry.name, .writing(reason)) }
        }
    }

    /// The namespace that a user means, by a name of its own or another, or by that of a pod which lives in it.
    public func namespace(named name: String) throws(EngineError) -> Journal.Entry { try entry(ofHost: name).entry }

    /// The namespace that a user means, by a name of its own or another; a pod with `hostNetwork` lives in its node's.
    private func entry(ofHost name: String) throws(EngineError) -> (entry: Journal.Entry, pod: Blueprint.HostPod?) {
        let bare = name.hasPrefix("pod/") ? String(name.dropFirst(4)) : name
        for namespace in blueprint.namespaces {
            if let pod = namespace.hostPods.first(where: { $0.pod.name == bare }) {
                return (try journal.namespace(named: namespace.name), pod)
            }
            if namespace.aliases.contains(name) { return (try journal.namespace(named: namespace.name), nil) }
        }
        return (try journal.namespace(named: name), nil)
    }

    /// A host's root, which is made where it is used for the first time. A pod that lives in its node's namespace has one of its
    /// own beside the node's.
    private func root(
        of entry: Journal.Entry, _ pod: Blueprint.HostPod?, _ content: RootContent, _ state: StateDirectory,
        _ waiting: () -> Void, _ warn: (Command.Lack) -> Void
    ) throws -> HostRoot {
        let store = state.roots
        let name =
            pod.map {
                "\(WorkloadInterface.hostInterface(namespace: $0.pod.namespace, pod: $0.pod.name))@\(entry.name)"
            } ?? entry.name
        if let root = try store.root(of: name), try store.isCurrent(name, content) { return root }
        _ = try LabLock.holding(lab: state, creating: false, waiting: waiting) {
            // The lab may have gone while the lock was waited for, or its host.
            guard try Journal.read(state).namespaces.contains(entry) else { throw EngineError.noSuchLab(state.lab) }
            let leftOut: [SystemCallError]
            if try store.root(of: name) == nil {
                leftOut = try store.make(name, content, namespace: NamedNamespaces.path(entry.pin))
            } else if try !store.isCurrent(name, content) {
                leftOut = try store.update(name, content)
            } else {
                return
            }
            for error in leftOut { warn(.bind(error)) }
        }
        guard let root = try store.root(of: name) else { throw EngineError.noSuchLab(state.lab) }
        return root
    }
}

extension RootContent {
    /// What a namespace's root has.
    ///
    /// - Parameters:
    ///   - name: what it is called where the blueprint does not know it.
    ///   - pod: the pod that lives in it and whose root it is to be; nil for its own.
    init(
        _ namespace: Blueprint.Namespace?, named name: String, of pod: Blueprint.HostPod? = nil
    ) throws(SystemCallError) {
        let hostname = namespace?.hostname ?? name
        var etc = ["hostname": Array("\(hostname)\n".utf8)]
        if let namespace { etc["hosts"] = Array((pod.map(namespace.hosts) ?? namespace.hosts).text.utf8) }
        // Of a lab without DNS the machine's: its own may be a link into what is not seen in a root.
        if let resolver = pod?.resolver ?? namespace?.resolver {
            etc["resolv.conf"] = Array(resolver.text.utf8)
        } else {
            etc["resolv.conf"] = try Self.machineResolver()
        }
        let binds = (pod == nil ? namespace?.binds ?? [] : []).compactMap { bind in
            bind.directory.map {
                Bind(directory: $0, path: bind.path, target: bind.target, isReadOnly: bind.isReadOnly)
            }
        }
        self.init(hostname: hostname, etc: etc, binds: binds)
    }

    /// The machine's `/etc/resolv.conf`; empty if it has none that can be read.
    private static func machineResolver() throws(SystemCallError) -> [UInt8] {
        let path = "/etc/resolv.conf"
        do throws(SystemCallError) {
            return try FileDescriptor(opening: path, O_RDONLY | O_NONBLOCK).readAll(path, limit: 1 << 16)
        } catch {
            if error.isShortage { throw error }
            return []
        }
    }
}
