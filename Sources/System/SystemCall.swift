import Glibc

/// Runs a system call again for as long as a signal interrupts it.
///
/// - Returns: the call's result; -1 for any other failure, with the reason in `errno`.
public func uninterrupted<Result: BinaryInteger>(_ body: () -> Result) -> Result {
    while true {
        let result = body()
        if result >= 0 || errno != EINTR { return result }
    }
}

/// Runs a system call, again for as long as a signal interrupts it.
///
/// - Returns: the call's result, 0 or more.
/// - Throws: `SystemCallError` for any other failure.
@discardableResult
public func systemCall<Result: BinaryInteger>(
    _ name: String, _ object: @autoclosure () -> String, _ body: () -> Result
) throws(SystemCallError) -> Result {
    let result = uninterrupted(body)
    if result < 0 { throw SystemCallError(name, object()) }
    return result
}
