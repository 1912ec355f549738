import Foundation
import ServerFixtures
import Testing

/// The Swift packages that are built in are those that were read: tools/dependencies compares their contents, because a
/// tag of another repository can be moved.
@Suite(.waiting, .timeLimit(.minutes(5))) struct PackageSums {
    private let folder = TemporaryFolder()
    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    private func dependencies(_ verb: String, _ more: String...) throws -> ChildProcess.Result {
        try ChildProcess.end(of: [Self.repository + "/tools/dependencies", verb] + more)
    }

    private func own(_ verb: String) throws -> ChildProcess.Result {
        try dependencies(verb, "--checkouts", folder.file("checkouts"), "--sums", folder.file("sums"))
    }

    @Test func thePackagesAreTheRecordedOnes() throws {
        let result = try dependencies("check")
        #expect(result.status == 0, "\(result)")
    }

    /// Each change of what could be compiled is noticed: a byte, a new file, a lost one, another name, a link, a package.
    @Test(arguments: [
        "printf X | dd of=a/Sources/one.swift bs=1 seek=3 conv=notrunc", "echo 'let x = 1' >a/Sources/new.swift",
        "rm a/Sources/one.swift", "mv a/Sources/one.swift a/Sources/two.swift",
        "ln -sf ../Package.swift a/Sources/link", "mkdir b && touch b/Package.swift", "rm -r a",
    ])
    func everyChangeIsNoticed(command: String) throws {
        try ChildProcess.run([
            "sh", "-ec",
            """
            mkdir -p '\(folder.file("checkouts"))/a/Sources' '\(folder.file("checkouts"))/a/.git'
            cd '\(folder.file("checkouts"))'
            echo '// package' >a/Package.swift
            echo '// source' >a/Sources/one.swift
            ln -s one.swift a/Sources/link
            """,
        ])
        #expect(try own("update").status == 0)
        #expect(try own("check").status == 0)
        // What git keeps for itself is not compiled.
        try ChildProcess.run(["touch", folder.file("checkouts") + "/a/.git/index"])
        #expect(try own("check").status == 0)
        try ChildProcess.run(["sh", "-ec", "cd '\(folder.file("checkouts"))'; \(command)"])
        let result = try own("check")
        #expect(result.status == 1 && result.errors.contains("are not those"), "\(result)")
    }
}
