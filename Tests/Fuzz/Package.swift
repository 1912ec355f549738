// swift-tools-version: 6.0

import PackageDescription

// The fuzzers, in a package of their own: they need flags that the main one must not have. Run tools/fuzz.
let fuzzers = ["FuzzDecode", "FuzzVerify", "FuzzNames"]

let package = Package(
    name: "fuzz",
    dependencies: [.package(name: "etoken-bridge", path: "../..")],
    targets: [
        .target(name: "FuzzDriver"),
        .target(
            name: "FuzzTargets",
            dependencies: [
                .product(name: "Certificates", package: "etoken-bridge"),
                .product(name: "TrustList", package: "etoken-bridge"),
            ]),
    ] + fuzzers.map { .executableTarget(name: $0, dependencies: ["FuzzDriver", "FuzzTargets"]) },
    swiftLanguageModes: [.v6]
)
