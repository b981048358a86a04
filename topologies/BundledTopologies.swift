import Topology
public struct BundledTopology: Sendable { public var name: String; public var text: String
 public static let builtIn = BundledTopology(name: "dual-stack", text: "")
 public static func named(_ n: String) -> BundledTopology? { n == "dual-stack" ? builtIn : nil }
}
