import FolderFuzzing

/// What libFuzzer calls with each input: the containerlab topology of a lab folder.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzContainerlab(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FolderFuzzing.check("lab.clab.yaml", start, count)
    return 0
}
