import Addresses
import DNS
import Foundation
import Glibc
import HTTP
import KernelTestSupport
import NetworkNamespaces
import PodServer

/// A pod and a client with a cable between them, and a process that answers in the pod.
struct Bench {
    let pod: String
    let client: String
    let process: PodServerProcess
    let folder: String

    static let podAddresses = ["10.9.0.1", "fd00:9::1"]
    static let clientAddresses = ["10.9.0.2", "fd00:9::2"]

    /// Gives `body` a bench, and takes it away however the test ends.
    static func with(_ body: (Bench) throws -> Void) throws {
        try TemporaryNamespaces.with("pod", "client") { namespaces in
            let (pod, client) = (namespaces["pod"], namespaces["client"])
            try Witness.ip("link add eth0 netns \(pod) type veth peer name eth0 netns \(client)")
            for (pin, addresses) in [(pod, podAddresses), (client, clientAddresses)] {
                try Witness.ip("link set lo up", in: pin)
                try Witness.ip("address add \(addresses[0])/24 dev eth0", in: pin)
                try Witness.ip("address add \(addresses[1])/64 dev eth0 nodad", in: pin)
                try Witness.ip("link set eth0 up", in: pin)
            }
            let folder = FileManager.default.temporaryDirectory.path + "/" + pod
            mkdir(folder, 0o755)
            let bench = Bench(
                pod: pod, client: client, process: PodServerProcess(lab: pod, folder: folder), folder: folder)
            defer {
                try? bench.process.stop()
                try? FileManager.default.removeItem(atPath: folder)
            }
            try body(bench)
        }
    }

    /// A plan with these listeners in the pod.
    func plan(_ listeners: PodServerPlan.Listener..., zone: ClusterZone = ClusterZone()) -> PodServerPlan {
        PodServerPlan(
            lab: pod,
            pods: [
                PodServerPlan.Pod(
                    pin: pod,
                    page: PodPage(
                        name: "web-0", namespace: "default", node: "worker",
                        addresses: Self.podAddresses.map { IPAddress($0)! }), listeners: listeners)
            ], zone: zone)
    }

    func follow(_ plan: PodServerPlan) throws { try process.follow(plan, program: BuiltProgram.path) }

    /// Runs curl in the client's namespace.
    func curl(_ arguments: String...) throws -> Witness.Testimony {
        try Witness.run(["curl", "-sS", "--max-time", "5"] + arguments, in: client)
    }

    /// Runs dig in the client's namespace against the pod; what it prints in short, unless `full`.
    func dig(_ arguments: String..., at server: String = podAddresses[0], full: Bool = false) throws -> String {
        try Witness.output(
            ["dig", "@\(server)", "+time=2", "+tries=1"] + (full ? [] : ["+short"]) + arguments, in: client)
    }

    /// Runs a Python program in the client's namespace.
    func python(_ program: String) throws -> String {
        try Witness.output(["timeout", "60", "python3", "-c", program], in: client)
    }

    /// Starts a Python program in the client's namespace and waits until it says `talking()`. It has a connection `s` to port 7
    /// of the pod.
    func talk(_ program: String) throws -> Witness.Process {
        let start = """
            import os, signal, socket, time
            signal.alarm(40)
            s = socket.create_connection(("\(Self.podAddresses[0])", 7))
            def talking(): open("\(folder)/talking", "w")

            """
        let talk = try Witness.Process(["python3", "-c", start + program], in: client)
        try eventually { access("\(folder)/talking", F_OK) == 0 }
        return talk
    }

    /// The process's number.
    func pid() throws -> pid_t {
        guard case .running(let pid) = try process.state else { throw NotRunning() }
        return pid
    }

    struct NotRunning: Error {}
}
