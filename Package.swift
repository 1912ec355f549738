// swift-tools-version: 6.0

import PackageDescription

// Each system library has one thin C target, and one Swift target above it that wraps it: no C type leaves that
// wrapper. Imports point downwards only; docs/architecture.md draws the layers.
let package = Package(
    name: "etoken-bridge",
    products: [
        .library(name: "TrustList", targets: ["TrustList"]),
        .library(name: "X509", targets: ["X509"]),
        .library(name: "Cluster", targets: ["Configuration", "Cluster"]),
        .library(name: "Phones", targets: ["Phones"]),
        .library(name: "Operations", targets: ["Operations"]),
        .library(name: "Tokens", targets: ["Secrets", "Tokens"]),
        .library(name: "Markup", targets: ["Markup"]),
        .library(name: "TOML", targets: ["TOML"]),
        .executable(name: "etoken-bridge", targets: ["etoken-bridge"]),
        .executable(name: "cluster-lab", targets: ["cluster-lab"]),
        .executable(name: "virtual-token", targets: ["virtual-token"]),
    ],
    // Exact, so that the same commit gives the same programs. Package.resolved would also contain commit ids, which a
    // mirror may not have.
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/swhitty/FlyingFox", exact: "0.27.1"),
    ],
    targets: [
        // C libraries
        .target(name: "COpenSSL", linkerSettings: [.linkedLibrary("crypto")]),
        .target(name: "CPKCS11"),
        .target(
            name: "CPCSC", exclude: ["headers"], cSettings: [.headerSearchPath("headers")],
            linkerSettings: [.linkedLibrary("dl")]),
        .target(name: "CLazy", linkerSettings: [.linkedLibrary("dl")]),
        .target(name: "CCurl", dependencies: ["CLazy"]),
        .target(name: "CSSH", dependencies: ["CLazy"]),
        .target(name: "CTOML"),
        .target(name: "CXML", dependencies: ["CLazy"]),

        .target(name: "CLinux"),
        .target(name: "CMessages", exclude: ["de.po"]),

        // The product, from the bytes up
        .target(name: "Version"),
        .target(name: "Basics", dependencies: ["CLinux"]),
        .target(name: "Messages", dependencies: ["Basics", "CMessages"]),
        .target(name: "Secrets", dependencies: ["Basics", "Messages"]),
        .target(name: "X509", dependencies: ["Basics", "COpenSSL", "Messages"]),
        .target(name: "TrustList", dependencies: ["Basics", "Messages", "X509"]),
        .target(name: "SmartCards", dependencies: ["Basics", "CPCSC", "Messages"]),
        .target(
            name: "Tokens",
            dependencies: ["Basics", "CPKCS11", "Messages", "Secrets", "SmartCards", "TrustList", "X509"]),
        .target(name: "Transfers", dependencies: ["Basics", "CCurl", "Messages"]),
        .target(name: "Markup", dependencies: ["CXML", "Messages"]),
        .target(name: "TOML", dependencies: ["CTOML", "Messages"]),
        .target(
            name: "Configuration", dependencies: ["Basics", "Messages", "Secrets", "TOML"]),
        .target(
            name: "Cluster",
            dependencies: [
                "Basics", "CSSH", "Configuration", "Markup", "Messages", "Secrets", "Transfers", "TrustList", "X509",
            ]),
        .target(
            name: "Phones",
            dependencies: ["Basics", "Cluster", "Configuration", "Messages", "TrustList", "X509"],
            resources: [
                .embedInCode("Models/phone-models.csv"), .embedInCode("Models/phone-visits.csv"),
                .embedInCode("Erasing/erase-sequences.csv"),
            ]),
        .target(
            name: "Operations",
            dependencies: [
                "Basics", "Cluster", "Configuration", "Messages", "Phones", "Transfers",
                "TrustList", "X509",
            ]),
        .target(
            name: "Migration",
            dependencies: [
                "Basics", "Cluster", "Configuration", "Messages", "Operations", "Phones",
                "TrustList", "X509",
            ]),
        .target(
            name: "Captures",
            dependencies: [
                "Basics", "Cluster", "Configuration", "Markup", "Messages", "Operations", "Phones", "Transfers",
                "TrustList",
                "Version", "X509",
            ]),
        .target(
            name: "Doctor",
            dependencies: [
                "Basics", "Cluster", "Configuration", "Messages", "Operations", "SmartCards", "Tokens", "X509",
            ]),
        .executableTarget(
            name: "etoken-bridge",
            dependencies: [
                "Basics", "Captures", "Cluster", "Configuration", "Doctor", "Messages", "Migration", "Operations",
                "Phones", "Secrets", "SmartCards", "Tokens", "TrustList", "Version", "X509",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        // The lab: a cluster and its phones on loopback. It knows nothing of the product above.
        .target(
            name: "ClusterLab",
            dependencies: [
                "Basics", "CLinux", "CSSH", "Markup", "Messages", "Transfers", "TrustList", "X509", "FlyingFox",
            ]),
        .executableTarget(
            name: "cluster-lab",
            dependencies: [
                "Basics", "ClusterLab", "Version",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        // A token without hardware: a smart card for the virtual reader of vsmartcard-vpcd.
        .target(name: "VirtualToken", dependencies: ["Basics", "X509"]),
        .executableTarget(
            name: "virtual-token",
            dependencies: [
                "Basics", "Version", "VirtualToken", "X509",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        // Tests
        .target(
            name: "FuzzTargets",
            dependencies: ["Cluster", "Markup", "Messages", "Phones", "TOML", "TrustList", "X509"],
            path: "Tests/Fuzz/Sources/FuzzTargets"),
        // tools/deep mutate: changed inputs for every parser and command; uses what is internal, so only for debugging.
        .executableTarget(
            name: "mutate",
            dependencies: [
                "Basics", "Cluster", "ClusterLab", "Configuration", "FuzzTargets", "Markup", "Messages", "Migration",
                "Operations", "Phones", "TrustList", "X509", "cluster-lab", "etoken-bridge",
            ],
            path: "Tests/Mutation"),
        .testTarget(
            name: "ClusterLabTests",
            dependencies: [
                "Basics", "ClusterLab", "Configuration", "ServerFixtures", "TrustList", "X509", "cluster-lab",
            ],
            exclude: ["Clients"]),
        .testTarget(
            name: "TrustListTests",
            dependencies: ["Basics", "FuzzTargets", "Messages", "ServerFixtures", "TrustList", "X509"],
            exclude: ["independent-writer.py"]),
        .testTarget(
            name: "PhonesTests",
            dependencies: [
                "Basics", "Cluster", "ClusterLab", "Configuration", "Messages", "Phones", "ServerFixtures", "TrustList",
                "X509",
            ]),
        .testTarget(
            name: "TokensTests",
            dependencies: [
                "Basics", "CPKCS11", "Messages", "Secrets", "ServerFixtures", "SmartCards", "Tokens", "TrustList",
                "X509",
            ],
            exclude: ["fake-module.c"]),
        .testTarget(
            name: "SmartCardsTests", dependencies: ["Messages", "ServerFixtures", "SmartCards", "virtual-token"]),
        .testTarget(
            name: "TokenPresenceTests", dependencies: ["ServerFixtures", "etoken-bridge", "virtual-token"]),
        .testTarget(name: "DoctorTests", dependencies: ["Doctor", "ServerFixtures", "etoken-bridge", "virtual-token"]),
        .testTarget(
            name: "MigrationTests",
            dependencies: [
                "Basics", "Cluster", "Configuration", "Messages", "Migration", "Operations", "Phones", "ServerFixtures",
                "TrustList", "X509",
            ], exclude: ["Fixtures"]),
        .testTarget(name: "VirtualTokenTests", dependencies: ["Basics", "VirtualToken", "X509"]),
        .target(
            name: "ServerFixtures", dependencies: ["Basics", "CLinux", "Configuration", "Transfers"],
            path: "Tests/ServerFixtures",
            exclude: [
                "cucm-web.py", "http-server.py", "node-cli.py", "phone-web.py", "smart-card-service.py", "ssh-cut.py",
                "tftp-intruder.py", "tls-echo.py", "tvs-server.py",
            ]),
        .testTarget(name: "FixtureTests", dependencies: ["ServerFixtures"]),
        .testTarget(name: "MessagesTests", dependencies: ["Basics", "Messages"]),
        .testTarget(name: "BasicsTests", dependencies: ["Basics", "Messages", "ServerFixtures"]),
        .testTarget(name: "TransfersTests", dependencies: ["Messages", "ServerFixtures", "Transfers"]),
        .testTarget(name: "MarkupTests", dependencies: ["Basics", "Markup", "ServerFixtures"]),
        .testTarget(name: "TOMLTests", dependencies: ["Messages", "TOML"]),
        .testTarget(
            name: "ConfigurationTests",
            dependencies: ["Configuration", "Messages", "ServerFixtures"]),
        .testTarget(
            name: "ClusterTests",
            dependencies: [
                "Basics", "Cluster", "Configuration", "Messages", "Secrets", "ServerFixtures", "Transfers", "TrustList",
                "X509", "cluster-lab",
            ]),
        .testTarget(
            name: "CapturesTests",
            dependencies: [
                "Basics", "Captures", "Cluster", "Configuration", "Messages", "ServerFixtures", "Transfers",
                "TrustList",
                "X509",
            ]),
        .testTarget(
            name: "OperationsTests",
            dependencies: [
                "Basics", "Cluster", "Configuration", "Messages", "Operations", "Phones", "ServerFixtures", "TrustList",
                "X509",
            ]),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "ServerFixtures", "etoken-bridge", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "Basics", "ClusterLab", "Configuration", "ServerFixtures", "TrustList", "X509", "cluster-lab",
                "etoken-bridge",
                "virtual-token",
            ],
            exclude: ["kill-at-sync.c", "module-shim.c", "on-terminal.py", "prompt-endings.py"]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)

// Where glibc knows how large a buffer is, what is copied into it is checked; it needs an optimised build. Only what is C
// or C++ itself: in Swift's view of the headers, the same functions must be the same everywhere.
for target in package.targets
where ["CCurl", "CLazy", "CLinux", "CMessages", "CPCSC", "CSSH", "CTOML"].contains(target.name) {
    target.cSettings = (target.cSettings ?? []) + [.define("_FORTIFY_SOURCE", to: "2", .when(configuration: .release))]
    target.cxxSettings =
        (target.cxxSettings ?? []) + [.define("_FORTIFY_SOURCE", to: "2", .when(configuration: .release))]
}

// A member is used only where its module is imported: the imports of a file say all that it depends on.
for target in package.targets {
    target.swiftSettings = (target.swiftSettings ?? []) + [.enableUpcomingFeature("MemberImportVisibility")]
}
