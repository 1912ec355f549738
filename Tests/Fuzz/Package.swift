// swift-tools-version: 6.0

import PackageDescription

// The fuzzer, in a separate package: it needs flags that the main one must not have. Run tools/deep fuzz.
let parsers = ["X509", "Cluster", "Markup", "Phones", "TOML", "TrustList"]

let package = Package(
    name: "fuzz",
    dependencies: [.package(name: "etoken-bridge", path: "../..")],
    targets: [
        .target(name: "FuzzTargets", dependencies: parsers.map { .product(name: $0, package: "etoken-bridge") }),
        .executableTarget(name: "Fuzz", dependencies: ["FuzzTargets"]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
