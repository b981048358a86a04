import Probes
import Topology
public struct PlanReport: Encodable { public var text: String { "" }; public init(_ t: Topology, source: String, plainBridge: Bool) {} }
public struct ValidateReport: Encodable { public struct E: Encodable { public var text = "" }; public var errors: [E] = []; public var isValid = true; public var source = "", summary = "" }
extension TopologySource { public func validate() throws -> ValidateReport { ValidateReport() } }
extension Lab { 
 public func probe(from: String? = nil, to: String? = nil, count: Int = 1, progress: (Step) -> Void) throws(NSLabError) -> ProbeReport { ProbeReport() }
 public static func namespaceNames() -> [String] { [] } }
