import FolderFuzzing

/// What libFuzzer calls with each input: Calico's documents of a lab folder.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCalico(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FolderFuzzing.check("calico.yaml", start, count)
    return 0
}
