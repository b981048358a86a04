import ClusterObjects
import Engine
import Glibc
import System

/// The process that serves the API, from the side of the one that tells it the objects.
///
/// A class, because a process is not copied with what knows it.
final class APIServerProcess {
    private let process: ChildProcess
    private let updates: FileDescriptor
    /// Where it asks for what is done in pods.
    let requests: PodRequests
    private var isKnownToHaveEnded = false

    /// Starts the process.
    init(_ api: ClusterAPIProcess) throws(SystemCallError) {
        guard let program = Executable.path(of: "nslab-api") else {
            throw SystemCallError("posix_spawn", "nslab-api", errno: ENOENT)
        }
        var ends: [CInt] = [-1, -1]
        try systemCall("socketpair", "socket") {
            socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends)
        }
        let far = FileDescriptor(owning: ends[1])
        updates = FileDescriptor(owning: ends[0])
        let kubeconfig = try FileDescriptor(opening: api.kubeconfig, O_WRONLY | O_NOFOLLOW)
        let keys = try FileDescriptor(opening: api.keys, O_RDWR | O_NOFOLLOW)
        let pair = try ControlChannel.Pair()
        let asking = pair.far.number
        let lock = try api.process.openChildrenLock()
        var spawn = Spawn(["nslab-api", api.lab], executable: program)
        (spawn.standardInput, spawn.standardOutput, spawn.standardError) = (.null, .null, .null)
        spawn.descriptors = [
            far.number, lock.number, ClusterAPIProcess.Inherited.log,
            ClusterAPIProcess.Inherited.listener, kubeconfig.number, keys.number, asking,
        ]
        spawn.isAlone = true
        spawn.environment = ["LC_ALL=C", "SWIFT_BACKTRACE=enable=no"]
        process = try spawn.start()
        requests = PodRequests(pair.channel())
        // One that takes nothing any more is of no use to anybody.
        try updates.set(SOL_SOCKET, SO_SNDTIMEO, timeval(tv_sec: 10, tv_usec: 0), "socket")
    }

    /// Tells it something.
    func tell(_ update: ObjectUpdate) throws(SystemCallError) {
        // One that is too long is an object that no client could be told of either.
        guard let message = update.message else { return }
        try updates.write(message, "API process")
    }

    /// Whether it has ended.
    var hasEnded: Bool {
        // That it cannot be waited for says that it is none of ours any more.
        if (try? process.status()) ?? nil != nil { isKnownToHaveEnded = true }
        return isKnownToHaveEnded
    }

    /// Ends it, and waits for nothing.
    func kill() { process.send(SIGKILL) }

    /// Ends it.
    func end() {
        kill()
        // It is ended either way.
        _ = try? process.wait()
    }
}
