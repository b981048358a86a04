import Addresses
import CLinux
import Glibc
import System

/// What the host lets a lab of some size have.
public struct Limits: Sendable {
    /// How many descriptors a process may have, as far as nslab may raise it itself.
    public var openFiles: Int
    /// How many network namespaces there may be in this user namespace; nil where the kernel does not tell.
    public var maximumNamespaces: Int?
    /// By family, how many entries the neighbour tables of all namespaces together may hold (`gc_thresh3`).
    public var neighbours: [AddressFamily: Int]
    /// By family, how many entries they hold.
    public var heldNeighbours: [AddressFamily: Int]
    /// By family, how often an entry was refused because they were full.
    public var refusedNeighbours: [AddressFamily: Int]
    /// The free bytes of `/run`.
    public var runSpace: UInt64
    /// The bytes of address space and of data that a process may have (`RLIMIT_AS`, `RLIMIT_DATA`); nil where there is no limit.
    public var addressSpace: UInt64?
    public var data: UInt64?

    /// Reads them. `gc_thresh3` and the number of entries are there in the first network namespace alone.
    public init() {
        openFiles = OpenFiles.hardLimit
        maximumNamespaces = HostFile("/proc/sys/user/max_net_namespaces").number
        neighbours = [:]
        heldNeighbours = [:]
        refusedNeighbours = [:]
        for (family, name, table) in [(AddressFamily.ipv4, "ipv4", "arp"), (.ipv6, "ipv6", "ndisc")] {
            neighbours[family] = HostFile("/proc/sys/net/\(name)/neigh/default/gc_thresh3").number
            let statistics = HostFile("/proc/net/stat/\(table)_cache").neighbourStatistics
            heldNeighbours[family] = statistics.held
            refusedNeighbours[family] = statistics.refused
        }
        var space = statvfs()
        runSpace = statvfs("/run", &space) == 0 ? UInt64(space.f_bavail) * UInt64(space.f_frsize) : 0
        addressSpace = Self.limit(RLIMIT_AS)
        data = Self.limit(RLIMIT_DATA)
    }

    private static func limit(_ resource: __rlimit_resource) -> UInt64? {
        var limit = rlimit()
        let isTold = getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0
        return isTold && limit.rlim_cur != rlim_t.max ? UInt64(limit.rlim_cur) : nil
    }

    /// How they stand to what a lab takes.
    public func results(_ requirements: Requirements) -> [CheckResult] {
        [openFilesFinding(requirements), namespacesFinding(requirements)] + neighbourFindings(requirements) + [
            runFinding(requirements)
        ]
            + memoryFindings(requirements)
    }

    /// Those that a lab breaks on, or may break on.
    public func lacks(_ requirements: Requirements) -> [CheckResult] {
        results(requirements).filter { $0.state != .ok }
    }

    private func openFilesFinding(_ requirements: Requirements) -> CheckResult {
        let found = "\(openFiles) allowed, \(requirements.lab) takes \(requirements.openFiles)"
        if openFiles >= requirements.openFiles { return CheckResult(.limits, "open files", found) }
        return CheckResult(
            .limits, "open files", .failed, found, consequence: "lab \(requirements.lab) cannot be built",
            remedy: "raise the hard limit: ulimit -Hn \(requirements.openFiles), or in /etc/security/limits.conf")
    }

    private func namespacesFinding(_ requirements: Requirements) -> CheckResult {
        let name = "network namespaces"
        guard let maximumNamespaces else { return CheckResult(.limits, name, "no limit is told") }
        let found = "\(maximumNamespaces) allowed, \(requirements.lab) takes \(requirements.namespaces)"
        // One more is thrown away after each look at the kernel.
        if maximumNamespaces > requirements.namespaces { return CheckResult(.limits, name, found) }
        return CheckResult(
            .limits, name, .failed, found, consequence: "lab \(requirements.lab) cannot be built",
            remedy: "sysctl -w user.max_net_namespaces=\(requirements.namespaces * 2 + 128)")
    }

    /// What bounds the neighbours of a family, as sysctl(8) calls it.
    public static func neighbourSetting(_ family: AddressFamily) -> String {
        "net.\(family == .ipv4 ? "ipv4" : "ipv6").neigh.default.gc_thresh3"
    }

    private func neighbourFindings(_ requirements: Requirements) -> [CheckResult] {
        AddressFamily.allCases.compactMap { family in
            guard let limit = neighbours[family], let wanted = requirements.neighbours[family], wanted > 0 else {
                return nil
            }
            let key = Self.neighbourSetting(family)
            let found = "\(key) is \(limit), \(requirements.lab) can fill \(wanted)"
            let name = "neighbours of \(family)"
            if limit >= wanted { return CheckResult(.limits, name, found) }
            return CheckResult(
                .limits, name, .warning, found,
                consequence:
                    "when more speak with each other than the table of the whole host holds, packets are dropped "
                    + "(\"neighbor table overflow\" in the kernel's log)",
                remedy: "sysctl -w \(key)=\(Self.rounded(wanted * 2))")
        }
    }

    private func runFinding(_ requirements: Requirements) -> CheckResult {
        // The topology, the journal, and a few short files a namespace.
        let wanted = UInt64(requirements.namespaces) * 16384 + (1 << 20)
        let found = "\(runSpace >> 20) MiB free, \(requirements.lab) takes up to \(wanted >> 20) MiB"
        if runSpace >= wanted { return CheckResult(.limits, "/run", found) }
        return CheckResult(
            .limits, "/run", .failed, found, consequence: "the state of lab \(requirements.lab) cannot be written",
            remedy: "remove what fills /run, or make it larger: mount -o remount,size=64M /run")
    }

    /// Only where there is a limit. Without memory a Swift program, and libnftables, end where they are: it has to be said before.
    private func memoryFindings(_ requirements: Requirements) -> [CheckResult] {
        [
            ("address space", addressSpace, requirements.addressSpace, "ulimit -v"),
            ("data", data, requirements.data, "ulimit -d"),
        ].compactMap { name, limit, wanted, command in
            guard let limit else { return nil }
            let found = "\(limit >> 20) MiB of \(name) allowed, \(requirements.lab) takes up to \(wanted >> 20) MiB"
            if limit >= wanted { return CheckResult(.limits, "memory", found) }
            return CheckResult(
                .limits, "memory", .failed, found, consequence: "lab \(requirements.lab) cannot be built",
                remedy: "raise the limit: \(command) unlimited")
        }
    }

    /// The power of two that is not less.
    private static func rounded(_ value: Int) -> Int {
        var power = 1024
        while power < value { power *= 2 }
        return power
    }
}

/// A short file that the kernel makes.
struct HostFile {
    /// Nil if it cannot be read, which is no error: kernels differ in what they tell.
    private let bytes: [UInt8]?

    init(_ path: String) {
        bytes = try? FileDescriptor(opening: path, O_RDONLY | O_NONBLOCK).readAll(path, limit: 1 << 20)
    }

    /// Its content without white space at the ends; nil if it cannot be read.
    var text: String? {
        guard var bytes = bytes?[...] else { return nil }
        while let byte = bytes.first, Self.isBlank(byte) { bytes.removeFirst() }
        while let byte = bytes.last, Self.isBlank(byte) { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Its content as a number.
    var number: Int? { text.flatMap { Int($0) } }

    /// Of a file of the neighbour tables' statistics, how many entries there are, and how often the table was full: a line of headings,
    /// then one for each processor that begins with the one and ends with the other (`neigh_stat_seq_show` in net/core/neighbour.c).
    var neighbourStatistics: (held: Int?, refused: Int) {
        var (held, refused): (Int?, Int) = (nil, 0)
        for line in (bytes ?? []).split(separator: UInt8(ascii: "\n")).dropFirst() {
            let numbers = line.split(separator: UInt8(ascii: " "))
            func number(_ digits: ArraySlice<UInt8>?) -> Int {
                digits.flatMap { Int(String(decoding: $0, as: UTF8.self), radix: 16) } ?? 0
            }
            if held == nil { held = number(numbers.first) }
            refused += number(numbers.last)
        }
        return (held, refused)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 10 || byte == 32 || byte == 0 }
}
