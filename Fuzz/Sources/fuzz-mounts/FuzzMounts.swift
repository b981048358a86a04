import HostRoots

/// What libFuzzer calls with each input: reads it as a list of mounts. A plan has the root first, each path once, and each after
/// what it is on.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMounts(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let table = MountTable(Array(UnsafeBufferPointer(start: start, count: count)))
    let reachable = table.reachable.map(\.path)
    precondition(reachable.count <= table.mounts.count)
    let layers = RootPlan(table).layers.map(\.path)
    for (index, path) in layers.enumerated() {
        precondition(path.hasPrefix("/"))
        precondition(!layers[..<index].contains { $0.hasPrefix(path + "/") }, "comes after what is on it: \(path)")
    }
    return 0
}
