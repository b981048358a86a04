import CLinux
import Foundation
import Glibc
import Testing

extension Trait where Self == ConditionTrait {
    /// The test asks the kernel and needs root. Without it the test is skipped, and fails in CI.
    static var root: Self {
        .enabled(
            if: geteuid() == 0 || ProcessInfo.processInfo.environment["CI"] == "true",
            "needs root, for a network namespace of its own")
    }
}

/// Runs `body` in a new network namespace, on a thread of its own that ends with it. The kernel clears the namespace then.
func inNamespace<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withTaskExecutorPreference(OwnThread()) {
        // The task keeps to this thread, for it does not suspend in here; and it is still the test's task, so that what
        // it records is the test's.
        guard unshare(CLONE_NEWNET) == 0 else { throw SystemError("unshare") }
        return try body()
    }
}

/// Runs each piece of a task on a new thread, which never goes back to a pool.
private final class OwnThread: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }.start()
    }
}

/// A descriptor of a network namespace.
final class NamespaceHold {
    let descriptor: CInt

    /// The calling thread's namespace.
    init() throws {
        descriptor = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw SystemError("open") }
    }

    /// A new namespace; the calling thread stays where it is.
    static func another() throws -> NamespaceHold {
        let own = try NamespaceHold()
        guard unshare(CLONE_NEWNET) == 0 else { throw SystemError("unshare") }
        let new = try NamespaceHold()
        try own.enter()
        return new
    }

    func enter() throws {
        guard setns(descriptor, CLONE_NEWNET) == 0 else { throw SystemError("setns") }
    }

    /// Runs `body` inside and comes back.
    func inside<Value>(_ body: () throws -> Value) throws -> Value {
        let own = try NamespaceHold()
        try enter()
        let result = Result { try body() }
        try own.enter()
        return try result.get()
    }

    deinit { close(descriptor) }
}

struct SystemError: Error, CustomStringConvertible {
    let description: String
    init(_ call: String) { description = "\(call): \(String(cString: strerror(errno)))" }
}

/// What another tool printed, run in the calling thread's namespace.
struct ToolResult {
    let status: CInt
    let output: String
    let errors: String
}

/// Runs a tool that is not ours as a child of the calling thread, which gives it the thread's namespace.
func tool(_ arguments: String...) throws -> ToolResult {
    try tool(arguments)
}

private func tool(_ arguments: [String]) throws -> ToolResult {
    // Files and not pipes: a child that writes much cannot stop.
    var streams: [UnsafeMutablePointer<FILE>] = []
    defer { streams.forEach { fclose($0) } }
    for _ in 0..<2 {
        guard let stream = tmpfile() else { throw SystemError("tmpfile") }
        streams.append(stream)
    }
    let files = streams.map { fileno($0) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, files[0], 1)
    posix_spawn_file_actions_adddup2(&actions, files[1], 2)
    var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { argv.forEach { free($0) } }
    var environment: [UnsafeMutablePointer<CChar>?] = [
        strdup("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"), strdup("LC_ALL=C"), nil,
    ]
    defer { environment.forEach { free($0) } }
    let program = try #require(
        ["/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/"].map { $0 + arguments[0] }.first { access($0, X_OK) == 0 },
        "\(arguments[0]) is not installed")
    var child = pid_t()
    let code = posix_spawn(&child, program, &actions, nil, &argv, &environment)
    guard code == 0 else {
        errno = code
        throw SystemError("posix_spawn \(program)")
    }
    var status: CInt = 0
    while waitpid(child, &status, 0) < 0 && errno == EINTR {}
    let texts = files.map { file in
        lseek(file, 0, SEEK_SET)
        return String(
            decoding: FileHandle(fileDescriptor: file, closeOnDealloc: false).availableDataToEnd, as: UTF8.self)
    }
    return ToolResult(status: status & 0x7f == 0 ? status >> 8 & 0xff : -1, output: texts[0], errors: texts[1])
}

/// What a tool prints as JSON: a list of objects.
func json(_ arguments: String...) throws -> [[String: Any]] {
    let result = try tool(arguments)
    #expect(result.status == 0, "\(arguments): \(result.errors)")
    if result.output.allSatisfy(\.isWhitespace) { return [] }
    let parsed = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
    // iproute2 leaves empty objects where a filter matched nothing.
    return try #require(parsed as? [[String: Any]]).filter { !$0.isEmpty }
}

extension FileHandle {
    fileprivate var availableDataToEnd: Data { (try? readToEnd()) ?? Data() }
}

/// The setting below `/proc/sys/net` of the calling thread's namespace.
func kernelSetting(_ path: String) throws -> String {
    let result = try tool("cat", "/proc/sys/net/" + path)
    #expect(result.status == 0, "\(result.errors)")
    return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
}
