import ClusterLab
import Foundation
import ServerFixtures
import Testing
import X509

/// The web interfaces of all releases, used by a client written from their description alone.
@Suite(.waiting, .timeLimit(.minutes(10))) struct PlainClientTests {
    private func drive(_ lab: RunningLab, _ node: String) async throws -> [String: Any] {
        let token = try TestToken("SAST-ADN0054f509        ")
        let pem = try lab.file(Array(token.certificate.pem.utf8))
        return try await lab.client("plain", node, pem, try lab.file(Array("content".utf8)))
    }

    @Test(arguments: RunningLab.profiles) func pages(release: String) async throws {
        try await RunningLab.with(release: release) { lab in
            let before = try await lab.state()
            let answer = try await drive(lab, RunningLab.subscriber)
            let pages = try (answer["pages"] as? [String: Any]).required("pages")
            let isNew = ["11.5", "12.5", "14", "15"].contains(release)
            let hasREST = ["14", "15"].contains(release)
            #expect(pages["login"] as? Int == 302)
            #expect(pages["token"] as? Bool == isNew)
            for step in ["upload", "next"] { #expect(pages[step] as? String == "File uploaded successfully.") }
            #expect(pages["certificate"] as? String == "Certificate Uploaded")
            #expect(pages["listed"] as? [String] == ["SAST-ADN0054f509.pem"])
            #expect(pages["delete"] as? [String] == ["Certificate Deleted"])
            #expect(pages["left"] as? [String] == [])
            #expect(answer["status"] as? Int == (hasREST ? 200 : 404))
            #expect((answer["rest"] is [String: Any]) == hasREST)
            // Only the two uploaded files are left.
            let files = ["plain.bin", "plain-2.bin"].map { "nodes/\(RunningLab.subscriber)/tftp/\($0)" }
            var after = try await lab.state()
            // Before 11.0 what one node deletes is still on the others, and comes back.
            let isKept = after.removeValue(forKey: "trust-store/Phone-SAST-trust/SAST-ADN0054f509.pem") != nil
            #expect(isKept == ["8.6", "9.1", "10.5(1)", "10.5"].contains(release))
            #expect(files.allSatisfy { after[$0] != nil })
            #expect(after.filter { !files.contains($0.key) } == before)
        }
    }

    @Test func rest() async throws {
        try await RunningLab.with(release: "14") { lab in
            let answer = try await drive(lab, RunningLab.publisher)
            let rest = try (answer["rest"] as? [String: Any]).required("rest")
            func status(_ step: String) -> Int? { (rest[step] as? [Any])?.first as? Int }
            func message(_ step: String) -> String? {
                ((rest[step] as? [Any])?.last as? [String: Any])?["message"] as? String
            }
            #expect(status("upload") == 201 && status("again") == 201)
            for step in ["empty", "listed", "own", "left"] { #expect(status(step) == 200) }
            let listed = try ((rest["listed"] as? [Any])?.last as? [[Any]]).required("listed")
            #expect(listed.count == 1)
            #expect(listed[0][0] as? String == "Phone-SAST-trust" && listed[0][1] as? Bool == true)
            #expect(status("junk") == 400)
            #expect(message("junk")?.contains("unable to read the certificate") == true)
            #expect(status("mixed") == 400)
            #expect(status("unknown") == 400)
            #expect(message("unknown") == "Invalid service: Coffee")
            #expect(status("malformed") == 400)
            #expect(status("text") == 415)
            #expect(status("method") == 405)
            #expect(rest["delete"] as? [Int] == [200, 404])
            #expect((rest["left"] as? [Any])?.last as? [String] == [])
            #expect(status("wrong") == 401)
            // Neither the password nor its encoded form is written anywhere.
            let secret = try String(contentsOfFile: lab.directory + "/credentials/platform", encoding: .utf8)
                .trimmingCharacters(in: .newlines)
            let basic = Data("administrator:\(secret)".utf8).base64EncodedString()
            let found = try ChildProcess.end(of: ["grep", "-rlF", "-e", secret, "-e", basic, lab.directory])
            #expect(found.output == lab.directory + "/credentials/platform\n")
        }
    }
}
