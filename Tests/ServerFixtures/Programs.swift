import Glibc

/// Where the programs under test are.
public enum Programs {
    /// The path of one of our programs: in `ETOKEN_BRIDGE_BIN`, where `tools/test` puts the shipped ones; else the one
    /// that was built along with the tests.
    public static func path(_ name: String) -> String {
        if let folder = getenv("ETOKEN_BRIDGE_BIN") { return String(cString: folder) + "/" + name }
        // swift test runs a helper of the toolchain; the test bundle is among its arguments.
        for argument in CommandLine.arguments {
            guard let end = argument.firstRange(of: ".xctest")?.lowerBound,
                let slash = argument[..<end].lastIndex(of: "/")
            else { continue }
            let path = argument[..<slash] + "/" + name
            if access(String(path), X_OK) == 0 { return String(path) }
        }
        return "\(repository)/.build/debug/\(name)"
    }

    /// The path of one of our scripts.
    public static func script(_ name: String) -> String { "\(repository)/tools/\(name)" }

    private static let repository = String(#filePath.prefix(upTo: #filePath.firstRange(of: "/Tests/")!.lowerBound))
}
