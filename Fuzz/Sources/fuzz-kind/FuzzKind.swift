import FolderFuzzing

/// What libFuzzer calls with each input: kind's cluster configuration of a lab folder.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzKind(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FolderFuzzing.check("kind.yaml", start, count)
    return 0
}
