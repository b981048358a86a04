import Blueprint
import CLinux
import Glibc
import NetworkNamespaces
import System

/// What this machine can do for a lab.
public struct MachineDiagnosis: Sendable {
    /// The kernel's release, such as `6.12.57+deb13-amd64`.
    public var release: String
    /// Its version, with the date of its build.
    public var version: String
    /// The machine's architecture.
    public var machine: String
    /// All that was looked at, in the order of `CheckResult.Group`.
    public var results: [CheckResult]

    /// Looks at everything. What takes a privilege that the process has not is reported as such.
    ///
    /// - Parameter requirements: what the lab takes that the machine is to be judged for.
    public init(_ requirements: Requirements) throws {
        var system = utsname()
        uname(&system)
        release = Self.text(of: &system.release)
        version = Self.text(of: &system.version)
        machine = Self.text(of: &system.machine)
        let missing = Capabilities.missing()
        results = [Self.privileges(missing)]
        let host = HostInterference.results()
        results += missing.isEmpty ? try Self.features(requirements) : [Self.unknownFeatures]
        results += Limits().results(requirements) + host
    }

    /// Whether the lab that was asked about can be built.
    public var isReady: Bool { !results.contains { $0.state == .failed } }

    private static func privileges(_ missing: [Capabilities.Capability]) -> CheckResult {
        let required = Capabilities.required.map(\.name).joined(separator: ", ")
        if missing.isEmpty { return CheckResult(.privileges, "capabilities", "\(required): there") }
        return CheckResult(
            .privileges, "capabilities", .failed, "\(missing.map(\.name).joined(separator: " and ")) missing",
            consequence: "labs can be planned and validated, and none can be built", remedy: "run nslab with sudo")
    }

    private static let unknownFeatures = CheckResult(
        .kernel, "features", .failed, "not looked at without those capabilities",
        consequence: "it is not known what this kernel can do", remedy: "run `sudo nslab doctor`")

    private static func features(_ requirements: Requirements) throws -> [CheckResult] {
        try NamespaceThread.run { thread in
            do {
                return try thread.enterNew { inside in
                    var trial = try FeatureTrial(in: inside)
                    return try KernelFeature.allCases.map { feature in
                        finding(feature, try trial.refusal(of: feature, in: inside), requirements)
                    }
                }
            } catch let error as SystemCallError {
                return [finding(.namespaces, "\(error)", requirements)]
            }
        }
    }

    private static func finding(_ feature: KernelFeature, _ refusal: String?, _ requirements: Requirements)
        -> CheckResult
    {
        guard let refusal else { return CheckResult(.kernel, feature.rawValue, "there") }
        return CheckResult(
            .kernel, feature.rawValue,
            requirements.features.contains(feature) ? .failed : feature.isUsed ? .warning : .note,
            "missing (\(refusal))",
            consequence: feature.consequence, remedy: feature.remedy)
    }

    /// A NUL-terminated array of characters, which Swift sees as a tuple.
    static func text<Tuple>(of tuple: inout Tuple) -> String {
        withUnsafeBytes(of: &tuple) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
