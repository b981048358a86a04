import FolderFuzzing

/// What libFuzzer calls with each input: Kubernetes' manifests of a lab folder.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzManifests(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FolderFuzzing.check("app.yaml", start, count)
    return 0
}
