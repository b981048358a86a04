import Topology

/// What libFuzzer calls with each input: reads it as a topology. What is read must be the same after it was written and
/// read again, and an error must stand in the file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTopology(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    do {
        let topology = try Topology.read(bytes, file: "fuzz.yaml")
        guard let again = try? Topology.read(topology.yaml, file: "again.yaml") else {
            preconditionFailure("cannot be read again:\n\(topology.yaml)")
        }
        precondition(again == topology, "differs after it was written and read again:\n\(topology.yaml)")
    } catch {
        precondition(!error.errors.isEmpty)
        for error in error.errors { precondition(error.line >= 1 && error.column >= 1 && !error.sentence.isEmpty) }
    }
    return 0
}
