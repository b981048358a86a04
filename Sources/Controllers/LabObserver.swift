import Addresses
import Blueprint
import ControlPlane
import Engine
import Glibc
import NetworkNamespaces
import NetworkObjects
import Rtnetlink
import Synchronization
import System

/// What the kernel says of a lab's nodes and pods.
struct LabObserver: Sendable {
    private let nodes: [Node]
    private let pods: [Pod]
    /// The pods that were told not to answer.
    private let stopped: Set<PodReference>

    /// A node and the interfaces that the cluster reaches it by.
    private struct Node: Sendable {
        var name: String
        var pin: String
        var interfaces: Set<String>
    }

    /// A pod with a network namespace of its own.
    private struct Pod: Sendable {
        var reference: PodReference
        var pin: String
        var addresses: [IPAddress]
        /// Whether something answers for it.
        var hasListeners: Bool
    }

    init(_ blueprint: Blueprint, _ placement: Placement) {
        stopped = blueprint.stoppedPods
        let placed = Dictionary(placement.nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        nodes = blueprint.namespaces.filter { $0.kind == .node }.map { namespace in
            let interfaces = placed[namespace.name]?.addresses.map(\.interface.description) ?? []
            return Node(name: namespace.name, pin: blueprint.pin(of: namespace), interfaces: Set(interfaces))
        }
        pods = blueprint.namespaces.compactMap { namespace in
            guard let pod = namespace.pod else { return nil }
            return Pod(
                reference: pod, pin: blueprint.pin(of: namespace), addresses: namespace.addresses,
                hasListeners: namespace.ports.contains { $0.answer != .none && $0.transport != .sctp })
        }
    }

    /// The pins of the nodes' namespaces, by node.
    var nodePins: [(name: String, pin: String)] { nodes.map { ($0.name, $0.pin) } }

    /// Looks at all of them.
    ///
    /// - Parameter answers: whether the process that answers for the pods is there, where one has to be.
    func observe(answers: Bool) throws -> ClusterObservation {
        let result = Mutex(ClusterObservation())
        try NamespaceThread.forEach(nodes.count + pods.count) { thread, index in
            if index < nodes.count {
                let fault = Self.fault(of: nodes[index], &thread)
                result.withLock { $0.nodes[nodes[index].name] = .init(fault: fault) }
            } else {
                let pod = pods[index - nodes.count]
                let condition = condition(of: pod, &thread, answers: answers)
                result.withLock { $0.pods[pod.reference] = .init(condition) }
            }
        }
        return result.withLock { $0 }
    }

    private static func fault(of node: Node, _ thread: inout NamespaceThread) -> String? {
        switch links(node.pin, &thread) {
        case .gone: return "the node's network namespace is gone"
        case .unreadable(let reason): return reason
        case .links(let links, _):
            for name in node.interfaces.sorted() {
                if let fault = fault(of: name, in: links) { return fault }
            }
            return nil
        }
    }

    private func condition(
        of pod: Pod, _ thread: inout NamespaceThread, answers: Bool
    ) -> ClusterObservation.Condition {
        switch Self.links(pod.pin, &thread) {
        case .gone: return .gone
        case .unreadable(let reason): return .notReady(reason)
        case .links(let links, let addresses):
            if let fault = Self.fault(of: "eth0", in: links) { return .notReady(fault) }
            if let lacking = pod.addresses.first(where: { !addresses.contains($0) }) {
                return .notReady("eth0 does not have \(lacking)")
            }
        }
        if stopped.contains(pod.reference) {
            return .notReady("it was told not to answer; `nslab pod start` has it answer again")
        }
        if pod.hasListeners, !answers {
            return .notReady(
                "nothing answers at its ports: the lab's process that does is gone; `nslab up` starts it again")
        }
        return .ready
    }

    private enum Look {
        case gone
        case unreadable(String)
        case links([String: ObservedLink], Set<IPAddress>)
    }

    private static func links(_ pin: String, _ thread: inout NamespaceThread) -> Look {
        guard NamedNamespaces.identity(pin) != nil else { return .gone }
        do {
            return try thread.enter(NetworkNamespace(at: NamedNamespaces.path(pin))) { inside in
                var socket = try RouteSocket(in: inside)
                let links = try socket.links()
                let addresses = try socket.addresses(in: InterfaceTable(links)).map(\.address.address)
                return .links(
                    Dictionary(
                        links.map { ($0.link.name.description, $0) }, uniquingKeysWith: { first, _ in first }),
                    Set(addresses))
            }
        } catch {
            // It may have gone this moment.
            return NamedNamespaces.identity(pin) == nil ? .gone : .unreadable("it cannot be looked into: \(error)")
        }
    }

    private static func fault(of name: String, in links: [String: ObservedLink]) -> String? {
        guard let link = links[name] else { return "\(name) is gone" }
        if !link.link.isUp { return "\(name) is down" }
        return link.hasCarrier ? nil : "\(name) has no carrier"
    }
}
