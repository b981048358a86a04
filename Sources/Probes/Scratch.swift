public struct ProbeReport: Encodable, Sendable {
  public init() {}; public var passed = 0, failed = 0
  public struct Group { public var title = "", family = "", path = ""; public var expectedTTLs: [Int] = []; public var passed = 0, total = 0; public var roundTrips: ClosedRange<Double>? }
  public var groups: [Group] { [] }
  public var failures: [String] { [] }
  public var duration = 0.0
}
