import Addresses
import CLinux
import FoundationEssentials
import Glibc
import System

/// What a lab's API serves besides what the lab is.
public struct ClusterAPIFiles: Sendable {
    /// The cluster's objects as the lab's files have them, a YAML stream.
    public var documents: [UInt8]
    /// Kubernetes' version, where the files say one.
    public var kubernetesVersion: String?

    public init(documents: [UInt8] = [], kubernetesVersion: String? = nil) {
        self.documents = documents
        self.kubernetesVersion = kubernetesVersion
    }
}

/// The processes that serve a lab's API, from the side of the commands that start and end them.
///
/// There are two. One has root, knows the lab, looks at the kernel and makes the objects: `nslab controllers LAB`. It starts the other,
/// `nslab-api LAB`, which has nothing but the socket that clients connect to, and hears them. The command opens that socket, so that nobody
/// who follows it is refused; how the lab is, the first process finds out by itself.
///
/// One command at a time uses it: the caller holds the lab's lock.
public struct ClusterAPIProcess: Sendable {
    /// The word that has the program be the process: `nslab controllers LAB`.
    public static let command = "controllers"

    /// The lab's name.
    public let lab: String
    private let folder: String

    init(lab: String, folder: String) {
        self.lab = lab
        self.folder = folder
    }

    package var process: LockedProcess {
        LockedProcess(lock: "\(folder)/api.lock", childrenLock: "\(folder)/api-server.lock")
    }
    private var log: String { "\(folder)/api.log" }
    private var record: String { "\(folder)/api.json" }
    /// The file for clients' configuration.
    package var kubeconfig: String { "\(folder)/kubeconfig" }
    /// The keys of the server and of its client.
    package var keys: String { "\(folder)/api.keys" }
    /// The cluster's objects as the files have them.
    package var documents: String { "\(folder)/cluster.yaml" }

    /// The variable that tells the process what limit on open files a program is to have that it starts.
    package static let openFiles = "NSLAB_OPEN_FILES"

    /// The descriptors that the process is started with.
    package enum Inherited {
        package static let lock: CInt = 3
        package static let log: CInt = 4
        /// The socket that clients connect to.
        package static let listener: CInt = 5
        package static let count: CInt = 3
    }

    /// What is kept of the API for as long as the lab lives.
    package struct Record: Codable, Sendable {
        /// The port of the machine's loopback.
        package var port: UInt16
        /// When the lab got its API, in seconds since 1970 began.
        package var created: Int
        /// A version that no object of the lab has had yet.
        package var version: Int
        /// Kubernetes' version, where the lab's files say one.
        package var kubernetesVersion: String?
        /// By `NAMESPACE/NAME`, when a pod came to be, of those that are younger; in seconds since 1970 began.
        package var births: [String: Int]
    }

    /// What is kept; nil where the lab never had an API.
    package func readRecord() throws(EngineError) -> Record? {
        guard let bytes = try StateDirectory.read(record) else { return nil }
        // What cannot be read is made anew: no object of the lab hangs on it.
        return try? JSONDecoder().decode(Record.self, from: Data(bytes))
    }

    /// The cluster's objects as the files have them, a YAML stream.
    package func readDocuments() throws(EngineError) -> [UInt8] { try StateDirectory.read(documents) ?? [] }

    package func write(_ record: Record) throws { try StateDirectory.write(json: record, to: self.record) }

    /// The process that is at it; nil if none is.
    public var pid: pid_t? {
        get throws(SystemCallError) { try process.holder }
    }

    /// What a lab lacks where the program is not there.
    static let lackOfProgram =
        "the lab has no Kubernetes API: nslab-api is neither beside nslab nor in PATH (`swift build --product nslab-api` builds it)"

    /// Has the processes serve the lab: starts them where they do not run.
    ///
    /// When this returns the socket takes connections.
    ///
    /// - Returns: false where there is no program that could.
    func serve(_ files: ClusterAPIFiles) throws(SystemCallError) -> Bool {
        do {
            let isSame = try StateDirectory.read(documents) ?? [] == files.documents
            if !isSame { try FileDescriptor.replace(documents, with: files.documents, mode: 0o600) }
            let kept = try readRecord()
            if try process.holder != nil, kept?.kubernetesVersion == files.kubernetesVersion { return true }
            try process.end()
            guard Executable.path(of: "nslab-api") != nil, let program = Executable.path(of: "nslab") else {
                return false
            }
            var record = kept ?? Record(port: 0, created: time(nil), version: 0, births: [:])
            record.kubernetesVersion = files.kubernetesVersion
            let listener = try listen(&record.port)
            try write(record)
            try prepareFiles()
            try start(program, listener)
            return true
        } catch let error as SystemCallError {
            throw error
        } catch let error as EngineError {
            throw SystemCallError("read", "\(error)", errno: EINVAL)
        } catch {
            throw SystemCallError("write", record, errno: EIO)
        }
    }

    /// Ends the processes, if there are any, and forgets the port and the keys.
    func stop() throws(SystemCallError) {
        try process.end()
        for path in [process.lock, process.childrenLock ?? "", log, record, kubeconfig, keys, documents] {
            unlink(path)
        }
    }

    // MARK: Clients

    /// What clients need to know of a lab's API. The processes of a new one make it while its command goes on: it is waited for.
    ///
    /// - Throws: `EngineError.noAPI` where the lab has none, or none that works.
    public static func kubeconfig(ofLab lab: String) throws(EngineError) -> String {
        let state = try StateDirectory(typed: lab)
        guard access(state.path, F_OK) == 0 else { throw .noSuchLab(lab) }
        let api = state.api
        let start = ContinuousClock.now
        while start.duration(to: .now) < .seconds(longestStart) {
            do throws(SystemCallError) {
                let file = try FileDescriptor(opening: api.kubeconfig, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
                let text = String(decoding: try file.readAll(api.kubeconfig, limit: 64 << 10), as: UTF8.self)
                // Its last line says that it is whole.
                if text.contains("current-context:"), text.hasSuffix("\n") { return text }
            } catch {
                if error.isNoSuchFile { throw .noAPI(lab) }
                if error.errno == EACCES { throw .notOwner(lab) }
                throw EngineError(error)
            }
            usleep(2000)
        }
        throw .noAPI(lab)
    }

    /// How long the processes may take to make their keys, in seconds: of a machine with too much to do.
    private static let longestStart = 10

    // MARK: Starting

    /// A socket that clients connect to.
    ///
    /// - Parameter port: the port that the lab had; 0 for any, and the one that it has afterwards.
    private func listen(_ port: inout UInt16) throws(SystemCallError) -> FileDescriptor {
        let name = "127.0.0.1:\(port)"
        let socket = try FileDescriptor(socket: AF_INET, SOCK_STREAM, name)
        // The connections of the process before may still be ending.
        try socket.set(SOL_SOCKET, SO_REUSEADDR, CInt(1), name)
        try socket.bind(.v4(IPv4Address(0x7f00_0001), port: port), name)
        try socket.listen(backlog: 256, name)
        port = try SocketAddress(of: socket.number, name).port
        return socket
    }

    private func start(_ program: String, _ listener: borrowing FileDescriptor) throws(SystemCallError) {
        let lock = try process.open()
        let log = try FileDescriptor(opening: log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, mode: 0o600)
        var spawn = Spawn(["nslab", Self.command, lab], executable: program)
        (spawn.standardInput, spawn.standardOutput, spawn.standardError) = (.null, .null, .null)
        spawn.descriptors = [lock.number, log.number, listener.number]
        spawn.isAlone = true
        // It is started while namespaces are made.
        spawn.keepsRaisedLimit = true
        let path = Spawn.ownEnvironment.filter { $0.hasPrefix("PATH=") }
        spawn.environment =
            path + ["LC_ALL=C", "SWIFT_BACKTRACE=enable=no", "\(Self.openFiles)=\(OpenFiles.asStarted)"]
        _ = try spawn.start()
    }

    /// Makes the files that are the user's alone: who asked for root by sudo(8) is the one who works with the lab.
    private func prepareFiles() throws(SystemCallError) {
        for path in [kubeconfig, keys] {
            let file = try FileDescriptor(opening: path, O_WRONLY | O_CREAT | O_NOFOLLOW, mode: 0o600)
            guard path == kubeconfig, geteuid() == 0, let user = Self.invokingUser else { continue }
            try systemCall("fchown", path) { fchown(file.number, user.user, user.group) }
        }
    }

    private static var invokingUser: (user: uid_t, group: gid_t)? {
        func number(_ name: String) -> UInt32? { getenv(name).flatMap { UInt32(String(cString: $0)) } }
        guard let user = number("SUDO_UID"), let group = number("SUDO_GID") else { return nil }
        return (user, group)
    }
}
