// swift-tools-version: 6.0

import PackageDescription

// Programs run by tools/bench; not built with the product.
let package = Package(
    name: "bench",
    dependencies: [.package(name: "etoken-bridge", path: "../..")],
    targets: [
        .executableTarget(
            name: "TrustListBench",
            dependencies: [
                .product(name: "X509", package: "etoken-bridge"),
                .product(name: "TrustList", package: "etoken-bridge"),
            ]),
        .executableTarget(
            name: "TVSBench",
            dependencies: [
                .product(name: "X509", package: "etoken-bridge"),
                .product(name: "Cluster", package: "etoken-bridge"),
                .product(name: "Operations", package: "etoken-bridge"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
