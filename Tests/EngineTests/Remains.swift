import Foundation
import Glibc
import KernelTestSupport
import System

/// What there is of a lab on the machine, as files, mounts and processes tell it that any tool can look at.
struct Remains: CustomStringConvertible {
    var pins: [String]
    var mounts: [String]
    var files: [String]
    var processes: [String]

    init(of lab: String) {
        func isItsOwn(_ name: String) -> Bool { name == lab || name.hasPrefix("\(lab)-") }
        pins = Directory.names("/run/netns").filter(isItsOwn)
        // A list that cannot be read is no list without mounts.
        mounts =
            (try? KernelFile.lines("/proc/self/mounts"))?.filter { $0.contains("/\(lab)-") || $0.contains("/\(lab)/") }
            ?? ["/proc/self/mounts cannot be read"]
        files =
            Directory.names("/run/nslab").filter { $0 == lab }
            + Directory.names("/etc/netns").filter(isItsOwn)
        processes = Directory.names("/proc").filter { pid_t($0) != nil }.compactMap { pid in
            guard let line = try? KernelFile.text("/proc/\(pid)/cmdline") else { return nil }
            let words = line.split(separator: "\0").map(String.init)
            let isBackground = !["responders", "controllers", "nslab-api"].filter(words.contains).isEmpty
            return words.last == lab && isBackground ? "\(pid): \(line)" : nil
        }
    }

    var isEmpty: Bool { pins.isEmpty && mounts.isEmpty && files.isEmpty && processes.isEmpty }

    var description: String { "pins \(pins), mounts \(mounts), files \(files), processes \(processes)" }
}
