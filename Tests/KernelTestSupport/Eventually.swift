import Glibc
import Testing

/// Waits up to five seconds for something that another process brings about.
public func eventually(_ condition: () throws -> Bool) throws {
    for _ in 0..<500 {
        if try condition() { return }
        usleep(10_000)
    }
    Issue.record("still not so after five seconds")
}
