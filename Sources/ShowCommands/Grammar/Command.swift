/// What a line says.
public enum Command: Hashable, Sendable {
    case show(ShowCommand)
    /// More rights, and no more of them.
    case enable, disable
    /// One mode up; out of all modes; out of the session.
    case exit, end, logout
    case configure
    case terminal(Terminal)
    /// A program of the router's own.
    case run(Program)
    /// What was typed so far.
    case history
    /// A change of the configuration, or another mode of it.
    case change(Change)
    /// Nothing to do: what a session says that has no effect here, with the answer that it expects.
    case answered(String)
    /// What is not done here, with the reason.
    case refused(String)

    /// What a terminal is told.
    public enum Terminal: Hashable, Sendable {
        /// How many lines stand on a page; 0 for all.
        case length(Int)
        /// How many columns a line has.
        case width(Int)
    }

    /// A program that runs on the router.
    public enum Program: Hashable, Sendable {
        case ping(Ping)
        case traceroute(host: String, isIPv6: Bool, source: String?)
        case telnet(host: String, port: Int?)
        /// A shell, or one command for it.
        case bash(String?)
    }

    /// What EOS' `ping` is asked for.
    public struct Ping: Hashable, Sendable {
        public var host: String
        public var isIPv6 = false
        /// How many packets.
        public var count = 5
        /// Bytes of a packet's data with its header: EOS counts as its `ping` prints.
        public var size: Int?
        /// An address, or an interface by EOS' name, whose address it is then.
        public var source: String?
        /// Whether it may not be cut on the way.
        public var isWhole = false
        public var interval: Int?

        init(host: String) { self.host = host }
    }
}

extension Command.Program {
    /// The program's words.
    ///
    /// - Parameter address: the address of an interface that is named as a source; an address stays one.
    public func arguments<Failure: Error>(_ address: (String) throws(Failure) -> String) throws(Failure) -> [String] {
        switch self {
        case .ping(let ping):
            // EOS sends 72 bytes of data (100 with the headers) for IPv4 and 52 for IPv6.
            var words = ["ping", ping.isIPv6 ? "-6" : "-4", "-c", "\(ping.count)"]
            let data = ping.size.map { max(0, $0 - 28) } ?? (ping.isIPv6 ? 52 : 72)
            words += ["-s", "\(data)"]
            if ping.isWhole { words += ["-M", "do"] }
            if let interval = ping.interval { words += ["-i", "\(interval)"] }
            if let source = ping.source { words += ["-I", try address(source)] }
            return words + ["--", ping.host]
        case .traceroute(let host, let isIPv6, let source):
            return ["traceroute"] + (isIPv6 ? ["-6"] : [])
                + (try source.map { source throws(Failure) in ["-s", try address(source)] } ?? []) + ["--", host]
        case .telnet(let host, let port): return ["telnet", host] + (port.map { ["\($0)"] } ?? [])
        case .bash(let command): return ["bash"] + (command.map { ["-c", $0] } ?? [])
        }
    }
}
