import FolderFuzzing

/// What libFuzzer calls with each input: the startup configuration of a lab folder.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzEOS(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FolderFuzzing.check("tor.cfg", start, count)
    return 0
}
