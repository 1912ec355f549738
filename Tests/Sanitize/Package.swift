// swift-tools-version: 6.0

import PackageDescription

// What crosses into C, for AddressSanitizer and its leak check, in a separate package: it builds with a flag that the
// main one must not have. Run tools/deep tokens.
let package = Package(
    name: "sanitize",
    dependencies: [.package(name: "etoken-bridge", path: "../..")],
    targets: [
        .executableTarget(
            name: "SanitizedTokens",
            dependencies: [
                .product(name: "X509", package: "etoken-bridge"),
                .product(name: "Tokens", package: "etoken-bridge"),
                .product(name: "TrustList", package: "etoken-bridge"),
            ])
    ],
    swiftLanguageModes: [.v6]
)
