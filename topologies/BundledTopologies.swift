import Topology

/// A topology that comes with nslab, embedded in the binary.
public struct BundledTopology: Hashable, Sendable {
    private let file: File

    /// The name it is called by, which is its lab's name too: `dual-stack`.
    public var name: String { file.rawValue }

    /// The file's text in the native format, with its comments.
    public var yaml: String { String(decoding: file.bytes, as: UTF8.self) }

    /// The file, read and checked.
    ///
    /// - Throws: never for the files as they are; a test reads each.
    public func topology() throws(TopologyErrors) -> Topology {
        try Topology.read(file.bytes, file: "\(name).yaml")
    }

    /// All of them, the default first.
    public static let all: [BundledTopology] = File.allCases.map { BundledTopology(file: $0) }

    /// Their names, the default first.
    public static let names: [String] = File.allCases.map(\.rawValue)

    /// The lab that `nslab up` builds when it is not given another.
    public static let `default` = BundledTopology(file: .dualStack)

    /// The one of this name, or nil.
    public static func named(_ name: String) -> BundledTopology? {
        File(rawValue: name).map { BundledTopology(file: $0) }
    }

    /// The embedded files. A new one is added here and to the target's resources in Package.swift.
    private enum File: String, CaseIterable {
        case dualStack = "dual-stack"
        case ipv4Only = "ipv4-only"
        case twoVLANs = "two-vlans"
        case ipip
        case noEncapsulation = "no-encapsulation"
        case twoRouters = "two-routers"
        case nodes20x10 = "nodes-20x10"
        case nodes100x10 = "nodes-100x10"

        var bytes: [UInt8] {
            switch self {
            case .dualStack: PackageResources.dual_stack_yaml
            case .ipv4Only: PackageResources.ipv4_only_yaml
            case .twoVLANs: PackageResources.two_vlans_yaml
            case .ipip: PackageResources.ipip_yaml
            case .noEncapsulation: PackageResources.no_encapsulation_yaml
            case .twoRouters: PackageResources.two_routers_yaml
            case .nodes20x10: PackageResources.nodes_20x10_yaml
            case .nodes100x10: PackageResources.nodes_100x10_yaml
            }
        }
    }
}

extension BundledTopology: CustomStringConvertible {
    public var description: String { name }
}
