// swift-tools-version: 6.2
import PackageDescription

/// The rooms, from the kernel upwards. A target imports only what stands above it in this list: see CONTRIBUTING.md.
let package = Package(
    name: "nslab",
    products: [
        .executable(name: "nslab", targets: ["nslab"]),
        .executable(name: "nslab-api", targets: ["nslab-api"]),
        .library(name: "NSLabKit", targets: ["NSLabKit"]),
        // For the programs under Fuzz/.
        .library(name: "Addresses", targets: ["Addresses"]),
        .library(name: "Applets", targets: ["Applets"]),
        .library(name: "Blueprint", targets: ["Blueprint"]),
        .library(name: "ClusterObjects", targets: ["ClusterObjects"]),
        .library(name: "DNS", targets: ["DNS"]),
        .library(name: "GoTemplates", targets: ["GoTemplates"]),
        .library(name: "HostRoots", targets: ["HostRoots"]),
        .library(name: "LabFolders", targets: ["LabFolders"]),
        .library(name: "Netlink", targets: ["Netlink"]),
        .library(name: "NetworkObjects", targets: ["NetworkObjects"]),
        .library(name: "Nftables", targets: ["Nftables"]),
        .library(name: "Packets", targets: ["Packets"]),
        .library(name: "Rtnetlink", targets: ["Rtnetlink"]),
        .library(name: "SPDY", targets: ["SPDY"]),
        .library(name: "ShowCommands", targets: ["ShowCommands"]),
        .library(name: "Topology", targets: ["Topology"]),
        .library(name: "YAML", targets: ["YAML"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        // Of `nslab-api` alone: what people type is built and started without them.
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    ],
    targets: [
        // System headers, and shims for the macros Swift cannot see.
        .target(name: "CLinux"),
        .systemLibrary(name: "CMnl", pkgConfig: "libmnl", providers: [.apt(["libmnl-dev"])]),
        .systemLibrary(name: "CCap", pkgConfig: "libcap", providers: [.apt(["libcap-dev"])]),
        .systemLibrary(name: "CNftables", pkgConfig: "libnftables", providers: [.apt(["libnftables-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CEdit"),

        // Words of the field, without a system.
        .target(name: "Addresses"),
        .target(name: "DNS", dependencies: ["Addresses"]),
        .target(name: "HTTP", dependencies: ["Addresses"]),
        .target(name: "SPDY", dependencies: ["CZlib"]),
        .target(name: "Packets", dependencies: ["Addresses"]),
        .target(name: "NetworkObjects", dependencies: ["Addresses", "CLinux"]),
        .target(name: "YAML", dependencies: ["CYAML"]),
        .target(name: "ClusterObjects", dependencies: ["HTTP"]),
        .target(name: "GoTemplates"),

        // What any Linux program needs.
        .target(name: "System", dependencies: ["Addresses", "CLinux"]),
        .target(name: "LineEditing", dependencies: ["CEdit"]),

        // The kernel.
        .target(name: "NetworkNamespaces", dependencies: ["CCap", "CLinux", "System"]),
        .target(name: "HostRoots", dependencies: ["CLinux", "NetworkNamespaces", "System"]),
        .target(name: "Netlink", dependencies: ["CLinux", "CMnl", "NetworkNamespaces", "System"]),
        .target(
            name: "Rtnetlink", dependencies: ["Addresses", "CLinux", "Netlink", "NetworkNamespaces", "NetworkObjects"]),
        .target(
            name: "Nftables",
            dependencies: [
                "Addresses", "CLinux", "CNftables", "Netlink", "NetworkNamespaces", "NetworkObjects", "System",
            ]),

        // What the user asked for, and what the kernel must hold for it.
        .target(name: "Topology", dependencies: ["Addresses", "YAML"]),
        .target(name: "LabFolders", dependencies: ["Addresses", "GoTemplates", "Topology", "YAML"]),
        .target(
            name: "BundledTopologies", dependencies: ["Topology"], path: "topologies",
            resources: [
                .embedInCode("dual-stack.yaml"), .embedInCode("ipv4-only.yaml"), .embedInCode("two-vlans.yaml"),
                .embedInCode("ipip.yaml"), .embedInCode("no-encapsulation.yaml"), .embedInCode("two-routers.yaml"),
                .embedInCode("nodes-20x10.yaml"), .embedInCode("nodes-100x10.yaml"),
            ]),
        .target(name: "Calico", dependencies: ["Addresses"]),
        .target(name: "KubeProxy", dependencies: ["Addresses", "NetworkObjects"]),
        .target(name: "Blueprint", dependencies: ["Addresses", "Calico", "KubeProxy", "NetworkObjects", "Topology"]),

        // The objects that a cluster has of it.
        .target(
            name: "ControlPlane",
            dependencies: ["Addresses", "Blueprint", "Calico", "ClusterObjects", "Topology", "YAML"]),

        // The one background process that a lab may have.
        .target(
            name: "PodServer",
            dependencies: [
                "Addresses", "Blueprint", "CLinux", "DNS", "HTTP", "NetworkNamespaces", "System", "Topology",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),

        // What this kernel and this machine can do, and what a lab would lack.
        .target(
            name: "KernelCapabilities",
            dependencies: [
                "Addresses", "Blueprint", "CLinux", "HostRoots", "KubeProxy", "NetworkNamespaces", "NetworkObjects",
                "Nftables", "Rtnetlink", "System", "Topology",
            ]),

        // What a network engineer asks a switch.
        .target(name: "ShowCommands", dependencies: ["Addresses", "NetworkObjects", "Topology"]),

        // What the commands of other tools' names answer.
        .target(name: "Applets", dependencies: ["Addresses", "ClusterObjects", "GoTemplates", "YAML"]),

        // Making the kernel agree, and proving it.
        .target(
            name: "Engine",
            dependencies: [
                "Addresses", "Blueprint", "HostRoots", "KernelCapabilities", "KubeProxy", "NetworkNamespaces",
                "NetworkObjects", "Nftables", "PodServer", "Rtnetlink", "System", "Topology",
            ]),
        .target(
            name: "Probes",
            dependencies: [
                "Addresses", "Blueprint", "CLinux", "DNS", "HTTP", "KubeProxy", "NetworkNamespaces", "NetworkObjects",
                "Packets", "System", "Topology",
            ]),

        .target(
            name: "PacketTrace",
            dependencies: [
                "Addresses", "CLinux", "HostRoots", "Netlink", "NetworkNamespaces", "NetworkObjects", "Nftables",
                "Packets", "Rtnetlink", "System",
            ]),
        // The process with root that tells a lab's API what the lab is.
        .target(
            name: "Controllers",
            dependencies: [
                "Addresses", "Blueprint", "CLinux", "ClusterObjects", "ControlPlane", "Engine", "Netlink",
                "NetworkNamespaces", "NetworkObjects", "PodServer", "Rtnetlink", "System", "Topology",
            ]),

        // The two faces.
        .target(
            name: "NSLabKit",
            dependencies: [
                "Addresses", "Applets", "Blueprint", "BundledTopologies", "Calico", "ClusterObjects", "Controllers",
                "Engine", "HostRoots", "KernelCapabilities", "KubeProxy", "LabFolders", "NetworkNamespaces",
                "NetworkObjects", "Nftables", "PacketTrace", "Packets", "PodServer", "Probes", "Rtnetlink",
                "ShowCommands",
                "System", "Topology",
            ]),
        .executableTarget(
            name: "nslab",
            dependencies: [
                "Applets", "Controllers", "Engine", "LineEditing", "NSLabKit", "NetworkNamespaces", "PodServer",
                "System",
                "Topology",
                "YAML",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        // The program that serves a lab's API, apart from the one that people type.
        .target(
            name: "ClusterAPI",
            dependencies: [
                "CCrypto", "CLinux", "ClusterObjects", "NetworkNamespaces", "SPDY", "System",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"), .product(name: "NIOWebSocket", package: "swift-nio"),
            ]),
        .executableTarget(name: "nslab-api", dependencies: ["ClusterAPI"]),

        // What tests of the kernel share: witnesses, namespaces that go again, the trait that asks for root.
        .target(
            name: "KernelTestSupport", dependencies: ["CLinux", "NetworkNamespaces", "System"],
            path: "Tests/KernelTestSupport"),

        .testTarget(name: "AddressesTests", dependencies: ["Addresses"]),
        .testTarget(name: "DNSTests", dependencies: ["DNS"]),
        .testTarget(name: "HTTPTests", dependencies: ["Addresses", "HTTP"]),
        .testTarget(name: "SPDYTests", dependencies: ["KernelTestSupport", "SPDY"]),
        .testTarget(name: "PacketsTests", dependencies: ["Addresses", "KernelTestSupport", "Packets"]),
        .testTarget(name: "SystemTests", dependencies: ["KernelTestSupport", "System"]),
        .testTarget(name: "ClusterObjectsTests", dependencies: ["ClusterObjects", "HTTP"]),
        .testTarget(name: "GoTemplatesTests", dependencies: ["GoTemplates"]),
        .testTarget(name: "AppletsTests", dependencies: ["Addresses", "Applets", "ClusterObjects"]),
        .testTarget(
            name: "ControlPlaneTests",
            dependencies: [
                "Blueprint", "BundledTopologies", "ClusterObjects", "ControlPlane", "LabFolders", "Topology",
            ]),
        .testTarget(name: "YAMLTests", dependencies: ["KernelTestSupport", "YAML"]),
        .testTarget(
            name: "NetlinkTests", dependencies: ["KernelTestSupport", "Netlink", "NetworkNamespaces", "System"]),
        .testTarget(
            name: "RtnetlinkTests",
            dependencies: ["KernelTestSupport", "NetworkNamespaces", "NetworkObjects", "Rtnetlink", "System"]),
        .testTarget(
            name: "NftablesTests",
            dependencies: [
                "Addresses", "Blueprint", "BundledTopologies", "KernelTestSupport", "Netlink", "NetworkNamespaces",
                "NetworkObjects", "Nftables", "System", "Topology",
            ]),
        .testTarget(
            name: "NetworkNamespacesTests",
            dependencies: ["CCap", "CLinux", "KernelTestSupport", "NetworkNamespaces", "System"]),
        .testTarget(
            name: "HostRootsTests",
            dependencies: ["CLinux", "HostRoots", "KernelTestSupport", "NetworkNamespaces", "System"]),
        .testTarget(
            name: "PodServerTests",
            dependencies: [
                "HTTP", "KernelTestSupport", "NetworkNamespaces", "PodServer", "System", "nslab",
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]),
        .testTarget(name: "TopologyTests", dependencies: ["BundledTopologies", "Topology"]),
        .testTarget(
            name: "LabFoldersTests", dependencies: ["Blueprint", "GoTemplates", "LabFolders", "Topology"],
            exclude: ["Fixtures", "Schemas"]),
        .testTarget(name: "NSLabKitTests", dependencies: ["LabFolders", "NSLabKit"]),
        .testTarget(name: "CalicoTests", dependencies: ["Calico"]),
        .testTarget(name: "KubeProxyTests", dependencies: ["Addresses", "KubeProxy", "NetworkObjects"]),
        .testTarget(name: "BlueprintTests", dependencies: ["Blueprint", "BundledTopologies", "NetworkObjects"]),
        .testTarget(
            name: "KernelCapabilitiesTests",
            dependencies: [
                "Addresses", "Blueprint", "BundledTopologies", "KernelCapabilities", "KernelTestSupport",
                "NetworkNamespaces",
                "NetworkObjects", "Rtnetlink", "System",
            ]),
        .testTarget(
            name: "ProbesTests",
            dependencies: [
                "Addresses", "Blueprint", "BundledTopologies", "DNS", "KernelTestSupport", "NetworkNamespaces",
                "NetworkObjects", "Probes", "Rtnetlink", "System", "Topology",
            ]),
        .testTarget(
            name: "EngineTests",
            dependencies: [
                "Addresses", "Blueprint", "BundledTopologies", "Engine", "KernelTestSupport", "NSLabKit",
                "NetworkNamespaces", "NetworkObjects", "Rtnetlink", "System", "Topology", "nslab",
            ], exclude: ["States"]),
        .testTarget(
            name: "PacketTraceTests",
            dependencies: [
                "Addresses", "CLinux", "KernelTestSupport", "NetworkNamespaces", "PacketTrace", "Packets", "System",
            ]),
        .testTarget(
            name: "ShowCommandsTests", dependencies: ["Addresses", "NetworkObjects", "ShowCommands", "Topology"]),
        .testTarget(
            name: "CommandLineTests",
            dependencies: ["CLinux", "KernelTestSupport", "NetworkNamespaces", "System", "nslab"],
            exclude: ["Documents", "Drivers"]),
    ],
    swiftLanguageModes: [.v6]
)

// A type such as `Set<InterfaceName>` is got from its parts, and not from its name: of a name the runtime goes through the records of all
// conformances that the program has, some thousands, for each part, which was a third of the time that most commands took of a processor.
let gettingTypesByParts = ["-Xfrontend", "-disable-concrete-type-metadata-mangled-name-accessors"]
let isStrict = Context.environment["NSLAB_STRICT"] != nil
let isAlone = Context.environment["NSLAB_ALONE"] != nil

// Warnings are errors where the tests run; a clone builds with a newer compiler all the same. What is tested is optimised in either
// configuration, tests are not, and the kernel can be had refuse requests (Netlink's FaultInjection).
if isStrict {
    for target in package.targets where target.type == .regular || target.type == .executable || target.type == .test {
        target.swiftSettings = (target.swiftSettings ?? []) + [.treatAllWarnings(as: .error)]
        target.swiftSettings! +=
            target.type == .test
            ? [.unsafeFlags(["-Onone"], .when(configuration: .release))]
            : [
                .unsafeFlags(["-O"], .when(configuration: .debug)),
                .unsafeFlags(["-enable-testing"] + gettingTypesByParts, .when(configuration: .release)),
                .define("DEBUG", .when(configuration: .release)),
            ]
    }
}

// Programs with all that they need in them (--static-swift-stdlib), which tests cannot have. Process start is a good part of most
// commands, and such a one can do without 75,000 relocations and a table of all of its symbols; not so the one that hears clients,
// whose places are not to be known.
if isAlone {
    package.targets.removeAll { $0.type == .test || $0.name == "KernelTestSupport" }
    for target in package.targets where target.type == .regular || target.type == .executable {
        target.swiftSettings = (target.swiftSettings ?? []) + [.unsafeFlags(gettingTypesByParts)]
    }
    for target in package.targets where target.name == "nslab" {
        target.linkerSettings = [.unsafeFlags(["-Xlinker", "-no-pie", "-Xlinker", "--no-export-dynamic"])]
    }
}
