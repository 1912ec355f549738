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
            #expect(
                !text.contains("\n    @Test") || text.contains("@Suite") || text.contains("\nextension "),
                "\(name): tests without a suite")
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
        [
            "RunningLab", "ChildProcess", "Rehearsal", "MockTokens", "VirtualTokens", "PythonServer", "OpenSSHServer",
            "FakeModule",
        ].contains {
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

/// Rules of the sources that a compiler does not know.
@Suite(.timeLimit(.minutes(5))) struct SourceRules {
    static let sources: [(name: String, lines: [Substring])] = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources")
        let files = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)?.allObjects ?? []
        return files.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }.map { file in
            let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
            return (file.lastPathComponent, text.split(separator: "\n", omittingEmptySubsequences: false))
        }
    }()

    /// Nothing is written to a terminal but by Output.
    @Test func thereIsOneWriter() {
        let ways =
            /\b(print|debugPrint|dump|fputs|fputc|puts|putchar|fwrite|vprintf|dprintf)\(|FileHandle|\bwrite\((1|2|STD|terminal)|\b(stdout|stderr)\b\)/
        var count = 0
        for (name, lines) in Self.sources where name != "Output.swift" {
            for line in lines where !line.trimmingCharacters(in: .whitespaces).hasPrefix("//") {
                count += 1
                #expect(line.firstMatch(of: ways) == nil || line.contains("Output.write("), "\(name): \(line)")
            }
        }
        #expect(count > 20_000)
    }

    /// A command that people may paste has no argument that a shell would take apart.
    @Test func adviceIsQuoted() {
        let command = /(etoken-bridge|cluster-lab) [a-z]|mkdir |rm \\\(/
        // Put together of quoted words, or of words of this program.
        let known = [
            "word: ", "path: ", "Shell.", "atHand", "upload)", "option)", "options)", "missing.map", "servers.map",
            "Digest.",
            "number)", "tokens)", "tokens.map { Shell.", "going.map", "survey.version.hasTokenlessTrustList ?",
            "ClusterStatus.localKeyAdvice",
        ]
        var count = 0
        for (name, lines) in Self.sources {
            for line in lines {
                guard let start = line.firstMatch(of: command)?.range.lowerBound, line.contains("\""),
                    !line.contains("The lab is up")
                else { continue }
                for part in line[start...].components(separatedBy: "\\(").dropFirst() {
                    count += 1
                    #expect(known.contains { part.hasPrefix($0) }, "\(name): \(line)")
                }
            }
        }
        #expect(count > 60)
    }
}
