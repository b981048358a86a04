// swift-tools-version: 6.2
import PackageDescription

/// Programs that feed readers with random bytes (libFuzzer); tools/fuzz builds and runs them. Apart from the product,
/// because they need a sanitizer, and see what the product keeps to itself.
let package = Package(
    name: "Fuzz",
    dependencies: [.package(name: "nslab", path: "..")],
    targets: [
        .executableTarget(
            name: "fuzz-netlink",
            dependencies: [
                .product(name: "Addresses", package: "nslab"), .product(name: "Netlink", package: "nslab"),
                .product(name: "NetworkObjects", package: "nslab"), .product(name: "Rtnetlink", package: "nslab"),
            ]),
        .executableTarget(name: "fuzz-topology", dependencies: [.product(name: "Topology", package: "nslab")]),
        .executableTarget(name: "fuzz-api", dependencies: [.product(name: "ClusterObjects", package: "nslab")]),
        .executableTarget(name: "fuzz-spdy", dependencies: [.product(name: "SPDY", package: "nslab")]),
        .executableTarget(name: "fuzz-dns", dependencies: [.product(name: "DNS", package: "nslab")]),
        .target(
            name: "FolderFuzzing",
            dependencies: [
                .product(name: "Blueprint", package: "nslab"), .product(name: "LabFolders", package: "nslab"),
                .product(name: "Topology", package: "nslab"),
            ]),
        .executableTarget(name: "fuzz-containerlab", dependencies: ["FolderFuzzing"]),
        .executableTarget(name: "fuzz-kind", dependencies: ["FolderFuzzing"]),
        .executableTarget(name: "fuzz-calico", dependencies: ["FolderFuzzing"]),
        .executableTarget(name: "fuzz-manifests", dependencies: ["FolderFuzzing"]),
        .executableTarget(name: "fuzz-eos", dependencies: ["FolderFuzzing"]),
        .executableTarget(name: "fuzz-exec", dependencies: [.product(name: "LabFolders", package: "nslab")]),
        .executableTarget(name: "fuzz-mounts", dependencies: [.product(name: "HostRoots", package: "nslab")]),
        .executableTarget(
            name: "fuzz-nftables",
            dependencies: [
                .product(name: "Netlink", package: "nslab"), .product(name: "NetworkObjects", package: "nslab"),
                .product(name: "Nftables", package: "nslab"),
            ]),
        .executableTarget(
            name: "fuzz-router",
            dependencies: [
                .product(name: "ShowCommands", package: "nslab"), .product(name: "Topology", package: "nslab"),
            ]),
        .executableTarget(
            name: "fuzz-names",
            dependencies: [
                .product(name: "Addresses", package: "nslab"), .product(name: "Applets", package: "nslab"),
                .product(name: "ClusterObjects", package: "nslab"),
            ]),
        .executableTarget(name: "fuzz-packets", dependencies: [.product(name: "Packets", package: "nslab")]),
        .executableTarget(name: "fuzz-rules", dependencies: [.product(name: "NetworkObjects", package: "nslab")]),
    ],
    swiftLanguageModes: [.v6]
)
