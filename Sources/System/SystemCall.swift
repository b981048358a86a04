import Glibc

/// Runs a system call again as long as a signal interrupts it.
///
/// - Returns: the call's result, 0 or more.
/// - Throws: `SystemCallError` for any other failure.
@discardableResult
public func systemCall<Result: BinaryInteger>(
    _ name: String, _ object: @autoclosure () -> String, _ body: () -> Result
) throws(SystemCallError) -> Result {
    while true {
        let result = body()
        if result >= 0 { return result }
        if errno != EINTR { throw SystemCallError(name, object()) }
    }
}
