import CLinux
import Glibc
import NetworkNamespaces
import System

/// The first process of the namespace of a host's confined processes, as the one that started it knows it.
///
/// It takes the orphans, watches how many there are, and ends when none is left.
final class FirstProcess {
    private let child: ChildProcess
    /// Closed to ask it whether it stays.
    private var question: CInt
    private let answer: FileDescriptor

    init(_ child: ChildProcess, question: consuming FileDescriptor, answer: consuming FileDescriptor) {
        self.child = child
        self.question = question.release()
        self.answer = answer
    }

    deinit { close(question) }

    /// After the end of the command that it was started with: waits for it, unless there is somebody else for it to stay for.
    func part() {
        close(question)
        question = -1
        var stays: UInt8 = 0
        // A wait fails only where somebody has waited already.
        if uninterrupted({ read(answer.number, &stays, 1) }) <= 0 { _ = try? child.wait() }
    }

    // MARK: The process itself

    /// The descriptors that it has: the host's directory in the store, which is not seen from inside the root; and what it is asked
    /// and answers by.
    private enum Descriptor {
        static let place: CInt = 3
        static let question: CInt = 4
        static let answer: CInt = 5
        static let mailbox: CInt = 6
    }

    /// What the process does: this is called in it.
    ///
    /// - Parameters:
    ///   - directory: the host's directory in the store.
    ///   - network: the host's network namespace, which it is in, too: so whoever ends a lab finds it.
    ///   - question: it is asked by the end of what can be read here whether it stays.
    ///   - answer: where it says that it does.
    ///   - mailbox: where those that begin leave what their filters ask on; nil for nowhere.
    static func run(
        _ directory: String, _ network: borrowing NetworkNamespace, _ root: borrowing HostRoot, _ question: CInt,
        _ answer: CInt, _ mailbox: CInt?
    ) -> Never {
        setsid()
        ProcessTitle.set("nslab-init")
        do throws(SystemCallError) {
            let null = try FileDescriptor(opening: "/dev/null", O_RDWR)
            let place = try FileDescriptor(opening: directory, NSLAB_O_PATH | O_DIRECTORY)
            try network.enter()
            try root.enter()
            try systemCall("chdir", "/") { chdir("/") }
            // In a container that sees a part of it there can be no whole one; the other shows the container's processes, too.
            let processes = try? DetachedMount("proc", [])
            let hasOwn = processes != nil
            if let processes { try processes.attach(at: "/proc") }
            for stream in 0...2 { dup2(null.number, CInt(stream)) }
            // Above those that they are to have, so that none is overwritten.
            let copies = [place.number, question, answer, mailbox ?? null.number].map { fcntl($0, F_DUPFD, 16) }
            for (copy, number) in zip(copies, Descriptor.place...) { dup2(copy, number) }
            _ = nslab_close_range(UInt32(Descriptor.mailbox) + 1)
            // Before those that it watches, or as early as may be.
            var priority = sched_param(sched_priority: 1)
            if sched_setscheduler(0, SCHED_FIFO, &priority) != 0 {
                setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, -20)
            }
            watch(seeingOthers: !hasOwn, CapabilityDesk(mailbox: mailbox == nil ? nil : Descriptor.mailbox))
        } catch {
            // Those that are here go with it, and the next command is told why there is no other.
            _exit(1)
        }
    }

    private static func watch(seeingOthers: Bool, _ desk: consuming CapabilityDesk) -> Never {
        let room = Tasks.room
        var counted = (tasks: 0, last: 0)
        var last = 0
        var pause = shortest
        var line = pollfd(fd: Descriptor.question, events: Int16(POLLIN), revents: 0)
        while true {
            while waitpid(-1, nil, WNOHANG) > 0 {}
            if isAlone { endIfNobodyComes() }
            if line.revents != 0 {
                var stays: UInt8 = 1
                _ = write(Descriptor.answer, &stays, 1)
                for number in [Descriptor.question, Descriptor.answer] { close(number) }
                line = pollfd(fd: -1, events: 0, revents: 0)
            }
            guard let load = Tasks.load else { endAll("they could not be counted") }
            // The number that was given out last says how many there may be at most; to look at all of them takes longer.
            let come = load.last - counted.last
            let most = come < 0 ? load.tasks : min(load.tasks, counted.tasks + come)
            if most > ConfinedProcesses.most || load.tasks > room {
                counted = (Tasks.count(seeingOthers: seeingOthers), load.last)
                if counted.tasks > ConfinedProcesses.most {
                    endAll("there were more than \(ConfinedProcesses.most) processes")
                }
                if load.tasks > room, counted.tasks > ConfinedProcesses.most / 16 {
                    endAll("the machine had more than \(room) processes")
                }
            }
            pause = load.last == last ? min(longest, pause * 2) : shortest
            last = load.last
            var waiting = [line] + desk.descriptors
            poll(&waiting, nfds_t(waiting.count), pause)
            line = waiting[0]
            desk.serve(waiting.dropFirst())
        }
    }

    /// How long it waits before it looks again, in milliseconds: while processes begin, and while none does.
    private static let shortest: CInt = 2
    private static let longest: CInt = 100

    /// Whether no other process is in the namespace (kill(2) with -1).
    private static var isAlone: Bool { kill(-1, 0) != 0 && errno == ESRCH }

    /// Ends everything here at once, which a process that starts others meanwhile cannot escape.
    private static func endAll(_ reason: String) -> Never {
        if let ended = try? file(.ended) { try? ended.record(reason) }
        kill(-1, SIGKILL)
        leave()
    }

    private static func endIfNobodyComes() {
        guard let lock = try? file(.lock), flock(lock.number, LOCK_EX | LOCK_NB) == 0 else { return }
        if isAlone { leave() }
    }

    /// Whoever comes later makes a namespace anew.
    private static func leave() -> Never {
        if let first = try? file(.first) { try? first.record("") }
        _exit(0)
    }

    private static func file(_ file: ConfinedProcesses.Record) throws(SystemCallError) -> FileDescriptor {
        try FileDescriptor(opening: "/proc/self/fd/\(Descriptor.place)/\(file.rawValue)", O_RDWR)
    }
}

/// How many processes and threads there are.
private enum Tasks {
    /// How many processes and threads there are on the machine, and which number was given out last (proc_loadavg(5)).
    static var load: (tasks: Int, last: Int)? {
        let path = "/proc/loadavg"
        guard let bytes = try? FileDescriptor(opening: path, O_RDONLY).read(path, atMost: 256) else { return nil }
        let fields = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard fields.count == 5, let last = Int(fields[4]),
            let tasks = fields[3].split(separator: "/").last.flatMap({ Int($0) })
        else { return nil }
        return (tasks, last)
    }

    /// How many processes and threads there are in this process's namespace; more than may be where that cannot be read.
    ///
    /// - Parameter seeingOthers: whether `/proc` shows those of other namespaces, too.
    static func count(seeingOthers: Bool) -> Int {
        guard let names = try? Directory.list("/proc") else { return Int.max }
        let own = FileIdentity(at: "/proc/self/ns/pid")
        return names.reduce(0) { count, name in
            guard name.utf8.first.map({ (0x30...0x39).contains($0) }) == true else { return count }
            if seeingOthers, FileIdentity(at: "/proc/\(name)/ns/pid") != own { return count }
            var status = stat()
            // A link for each thread, and two more.
            return stat("/proc/\(name)/task", &status) == 0 ? count + max(1, Int(status.st_nlink) - 2) : count
        }
    }

    /// The most that the machine may have before those here are ended, if they are many.
    static var room: Int {
        let limits = ["threads-max", "pid_max"].compactMap { number(in: "/proc/sys/kernel/\($0)") }
        return (limits.min() ?? 32768) / 4 * 3
    }

    private static func number(in path: String) -> Int? {
        guard let bytes = try? FileDescriptor(opening: path, O_RDONLY).read(path, atMost: 64) else { return nil }
        return Int(String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first ?? "")
    }
}
