import Foundation
import Testing

/// Rules that the tests themselves keep.
@Suite(.timeLimit(.minutes(5))) struct HouseRules {
    static let sources: [(name: String, text: String)] = {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let files = FileManager.default.enumerator(at: tests, includingPropertiesForKeys: nil)?.allObjects ?? []
        return files.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }.map { file in
            (file.lastPathComponent, (try? String(contentsOf: file, encoding: .utf8)) ?? "")
        }
    }()

    /// A test that hangs says so, and a suite whose tests start programs occupies no thread that others need.
    @Test func everySuiteHasATimeLimit() {
        var count = 0
        for (name, text) in Self.sources where name != "HouseRules.swift" {
            for suite in ("\n" + text).components(separatedBy: "\n@Suite").dropFirst() {
                count += 1
                // Up to its name: there may be several lines of traits.
                let traits = suite.components(separatedBy: "struct ")[0]
                #expect(traits.range(of: ".timeLimit(") != nil, "\(name): \(traits)")
                if Self.startsPrograms(text) { #expect(traits.range(of: ".waiting") != nil, "\(name): \(traits)") }
            }
        }
        #expect(count > 100)
    }

    private static func startsPrograms(_ text: String) -> Bool {
        ["RunningLab", "ChildProcess", "Rehearsal", "MockTokens", "VirtualTokens"].contains {
            text.range(of: $0) != nil
        }
    }

    /// Programs fail if a machine is busy or lacks something. The end of the process would be the end of all other
    /// tests, too.
    @Test func noFixtureEndsTheProcess() {
        let words = ["precondition(", "preconditionFailure(", "fatalError(", "try" + "!", "as" + "!"]
        for (name, text) in Self.sources where Self.startsPrograms(text) && name != "HouseRules.swift" {
            for word in words { #expect(text.range(of: word) == nil, "\(name): \(word)") }
        }
    }
}
