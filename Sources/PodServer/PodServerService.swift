import CLinux
import DNS
import FoundationEssentials
import Glibc
import NetworkNamespaces
import Synchronization
import System

/// The background process of a lab, from its start to its end: it holds the sockets of all pods that answer, and nothing
/// else. See `PodServerProcess` for the command's side.
public enum PodServerService {
    /// The word that has the program be the process: `nslab responders LAB`.
    public static let command = "responders"

    /// The descriptors that the process is started with.
    enum Inherited {
        /// The channel to the command that started it.
        static let control: CInt = 3
        /// The file whose lock proves that the process lives.
        static let lock: CInt = 4
        static let log: CInt = 5
        /// The socket, bound to its name, that later commands connect to.
        static let listener: CInt = 6
        static let count: CInt = 4
    }

    /// The most memory that the process may write to, in bytes.
    private static let mostMemory = 1 << 30
    /// The most connections that are open at once.
    private static let mostConnections = 4096

    /// Becomes the process. It looks at nothing from outside before it has given up what root could do.
    public static func run() -> Never {
        let control = ControlChannel(socket: FileDescriptor(owning: Inherited.control))
        let log = BoundedLog(FileDescriptor(owning: Inherited.log))
        let user = getuid()
        do {
            try detach()
            // Before there are threads: they leave the signal to this one.
            let ending = SignalSet([SIGTERM])
            ending.block()
            let signals = try ending.descriptor()
            let files = Confinement.limit(memory: mostMemory)
            let isNobody = try Confinement.dropPrivileges()
            let zone = CurrentZone()
            let logs = PodLogs()
            let tcp = TCPServer(mostConnections: min(mostConnections, files / 2), zone, logs)
            let udp = try UDPServer(zone, logs)
            let answering = try Background { udp.run() }
            let isFiltered = Confinement.filterSystemCalls()
            log.write(
                "started" + (isNobody ? "" : ", as root without capabilities")
                    + (isFiltered ? "" : ", without a filter of system calls"))
            let commands = try Commands(
                FileDescriptor(owning: Inherited.listener), of: user, until: signals, tcp, udp, zone, logs, log)
            // Without a first plan there is nothing to stay for.
            guard commands.talk(control) else { end(0) }
            commands.serve()
            try answering.value()
        } catch {
            log.write("\(error)")
            try? control.send("error \(error)")
        }
        end(1)
    }

    /// Becomes a process of its own, which is known by its lock, and listens to later commands.
    private static func detach() throws(SystemCallError) {
        try BackgroundProcess.detach(named: "nslab", keeping: Inherited.count)
        guard FileDescriptor(owning: Inherited.lock).lockForLife() else {
            throw SystemCallError("fcntl", "lock", errno: EAGAIN)
        }
        try systemCall("listen", "control socket") { listen(Inherited.listener, 16) }
    }

    /// Ends the process without running what other code registered for its end.
    static func end(_ status: CInt) -> Never { _exit(status) }
}

/// What commands have the process do.
private struct Commands: ~Copyable {
    /// Where commands connect.
    private let listener: FileDescriptor
    /// Can be read once the process is to end.
    private let signals: FileDescriptor
    private let poller: Poller
    private let user: uid_t
    private let tcp: TCPServer
    private let udp: UDPServer
    private let zone: CurrentZone
    private let logs: PodLogs
    private let log: BoundedLog
    /// What tells the plan that is followed.
    private let followed = Mutex<String?>(nil)

    /// - Parameter user: who may give commands, besides root.
    init(
        _ listener: consuming FileDescriptor, of user: uid_t, until signals: consuming FileDescriptor,
        _ tcp: TCPServer, _ udp: UDPServer, _ zone: CurrentZone, _ logs: PodLogs, _ log: BoundedLog
    ) throws(SystemCallError) {
        let poller = try Poller()
        try poller.add(listener, number: 0, .receiving)
        try poller.add(signals, number: 1, .receiving)
        self.poller = poller
        self.listener = listener
        self.signals = signals
        self.user = user
        (self.tcp, self.udp, self.zone, self.logs, self.log) = (tcp, udp, zone, logs, log)
    }

    /// Does what commands say, one after the other, until the signal to end comes.
    func serve() {
        var events = Poller.Events()
        while true {
            poller.wait(&events)
            if events.numbers.contains(1) {
                tcp.endConnections()
                PodServerService.end(0)
            }
            guard events.numbers.contains(0), let socket = try? listener.accept("control socket") else { continue }
            let channel = ControlChannel(socket: socket)
            if let peer = channel.socket.peerUser, peer == 0 || peer == user { _ = talk(channel) }
        }
    }

    /// Does what one command says, until it ends the channel.
    ///
    /// - Returns: whether a plan came and was followed.
    func talk(_ channel: borrowing ControlChannel) -> Bool {
        channel.limitWaiting(seconds: 10)
        var new: [ListeningSocket] = []
        var isServing = false
        do {
            while let message = try channel.receive() {
                guard try obey(message, channel, &new, &isServing) else { break }
            }
        } catch {
            log.write("\(error)")
            try? channel.send("error \(error)")
        }
        return isServing
    }

    /// Does what one message says.
    ///
    /// - Parameters:
    ///   - new: the sockets that have come and that no plan has named yet.
    ///   - isServing: made true once a plan is followed.
    /// - Returns: false for a message that makes no sense; all that came with it is closed.
    private func obey(
        _ message: consuming ControlChannel.Message, _ channel: borrowing ControlChannel,
        _ new: inout [ListeningSocket],
        _ isServing: inout Bool
    ) throws -> Bool {
        let lines = message.text.split(separator: "\n")
        switch lines.first {
        case "socket" where message.descriptors.count == lines.count - 1:
            for line in lines.dropFirst() {
                guard let descriptor = message.descriptors.next(), let name = SocketName(line) else { return false }
                new.append(ListeningSocket(name: name, descriptor: descriptor))
            }
        case "follow" where message.descriptors.count == 1:
            guard let file = message.descriptors.next() else { return false }
            let bytes = try file.readAll("plan", limit: 64 << 20)
            followed.withLock { $0 = nil }
            var plan = try JSONDecoder().decode(PodServerPlan.self, from: Data(bytes))
            plan.zone.serial = UInt32(truncatingIfNeeded: time(nil))
            try follow(plan, new)
            followed.withLock { $0 = String(fingerprint(bytes), radix: 16) }
            new = []
            isServing = true
            try channel.send("ready")
        case "plan" where message.descriptors.count == 0:
            try channel.send(followed.withLock { $0 } ?? "none")
        case "log" where message.descriptors.count == 1 && lines.count == 4:
            guard let pipe = message.descriptors.next() else { return false }
            let pod = PodLogs.PodName(namespace: String(lines[1]), name: String(lines[2]))
            logs.send(pod, to: pipe, follows: lines[3] == "follow")
        case "sockets" where message.descriptors.count == 0:
            let names = tcp.names + udp.names
            for start in stride(from: 0, to: names.count, by: 500) {
                try channel.send("name\n" + names[start...].prefix(500).map(\.text).joined(separator: "\n"))
            }
            try channel.send("end")
        default: return false
        }
        return true
    }

    private func follow(_ plan: PodServerPlan, _ new: [ListeningSocket]) throws {
        zone.current = try NameServer(plan.zone)
        logs.apply(plan)
        try tcp.apply(plan, adding: new.filter { $0.name.transport == .tcp })
        try udp.apply(plan, adding: new.filter { $0.name.transport == .udp })
        log.write("answers on \(plan.sockets.count) sockets of lab \(plan.lab)")
    }
}
