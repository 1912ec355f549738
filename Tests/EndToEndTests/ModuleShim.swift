import ServerFixtures

/// A real module as others would show the same tokens (module-shim.c).
enum ModuleShim {
    /// How many wrong PINs lock a token of the SafeNet-like module.
    static let tries = 15

    /// - Parameters:
    ///   - module: the real one.
    ///   - how: `SAFENET`, `SPELLED`, or nothing.
    static func build(_ name: String, over module: String, _ how: String..., in folder: TemporaryFolder) throws
        -> String
    {
        let library = folder.file(name)
        try ChildProcess.run(
            ["cc", "-Wall", "-Werror", "-shared", "-fPIC", "-DREAL=\"\(module)\"", "-DMOST=\(tries)"]
                + how.map { "-D" + $0 }
                + ["-o", library, Rehearsal.repository + "/Tests/EndToEndTests/module-shim.c", "-ldl"])
        return library
    }
}
