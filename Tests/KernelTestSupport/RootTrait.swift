import CLinux
import Glibc
import NetworkNamespaces
import Testing

extension Trait where Self == ConditionTrait {
    /// A test that makes network namespaces. Without the privilege it is skipped, and fails where `CI` is set: there a
    /// test that did not run must not pass for one that did.
    public static var needsRoot: Self {
        .enabled("needs root") {
            if getuid() == 0, Capabilities.missing().isEmpty { return true }
            if getenv("CI") != nil { throw RootMissing() }
            return false
        }
    }
}

/// Tests of the kernel that were to run without the privilege.
struct RootMissing: Error, CustomStringConvertible {
    let description = "CI is set, but this test needs root: run it with sudo"
}
