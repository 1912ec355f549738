import Foundation
import Messages
import Secrets
import ServerFixtures
import Testing

/// Answers of pinentry programs; EndToEndTests has the real one.
@Suite(.waiting, .timeLimit(.minutes(2))) struct PinentryTests {
    /// - Parameter answer: to GETPIN, in printf's form.
    private func ask(_ answer: String) throws -> Result<String, SecretError> {
        let folder = TemporaryFolder()
        let program = folder.write(
            "pinentry",
            """
            #!/bin/sh
            echo OK ready
            while read -r line; do
              case "$line" in GETPIN*) printf '\(answer)' ;; BYE*) exit ;; *) echo OK ;; esac
            done
            """, mode: 0o700)
        do throws(SecretError) {
            let secret = try Pinentry.ask(program, description: .verbatim("asks"), prompt: .verbatim("PIN:"))
            return .success(secret.withBytes { String(decoding: $0, as: UTF8.self) })
        } catch { return .failure(error) }
    }

    @Test(arguments: [
        (#"D Cisco123\nOK\n"#, "Cisco123"), (#"D Cis\nD co1\nD 23\nOK\n"#, "Cisco123"),
        (#"D Cisco123\r\nOK\r\n"#, "Cisco123"), (#"D a%%25b%%0D\nOK\n"#, "a%b\r"),
        (#"S PASSWORD_FROM_CACHE\n# comment\nD x\nOK\n"#, "x"),
    ])
    func whatIsEnteredIsTheSecret(answer: String, secret: String) throws {
        #expect(try ask(answer).get() == secret)
    }

    @Test(arguments: [
        (#"D \nOK\n"#, "nothing was entered"), (#"OK\n"#, "nothing was entered"),
        (#"ERR 83886179 Operation cancelled\n"#, "83886179 Operation cancelled"),
    ])
    func whatIsNoSecretIsNotTried(answer: String, reason: String) throws {
        let error = #expect(throws: SecretError.self) { try ask(answer).get() }
        #expect(error?.reason.localized.contains(reason) == true)
        // Nobody entered anything into a file.
        #expect(error?.next?.localized.contains("nothing that was entered has been used") == true)
    }

    @Test func aLongAnswerIsRefused() throws {
        let line = "D " + String(repeating: "x", count: 900) + #"\n"#
        let error = #expect(throws: SecretError.self) { try ask(String(repeating: line, count: 6) + #"OK\n"#).get() }
        #expect(error?.reason.localized == "its answer is too long")
    }
}
