// swift-tools-version: 6.2
import PackageDescription

/// Programs that feed readers with random bytes (libFuzzer). Apart from the product, because they need a sanitizer:
///
///     swift run --package-path Fuzz -c release --sanitize fuzzer fuzz-topology Fuzz/corpus/topology -max_total_time=60
let package = Package(
    name: "Fuzz",
    dependencies: [.package(name: "nslab", path: "..")],
    targets: [
        .executableTarget(name: "fuzz-topology", dependencies: [.product(name: "Topology", package: "nslab")])
    ],
    swiftLanguageModes: [.v6]
)
