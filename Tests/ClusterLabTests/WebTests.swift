import ClusterLab
import Configuration
import Foundation
import ServerFixtures
import Testing
import X509

/// OS Administration, used by a Python client.
@Suite(.waiting, .timeLimit(.minutes(10))) struct WebTests {
    @Test(arguments: ["10.5", "12.5"]) func login(release: String) async throws {
        try await RunningLab.with(release: release) { lab in
            let old = "/cmplatform/WEB-INF/pages/j_security_check"
            let new = "/cmplatform/j_security_check"
            let (right, wrong) = release == "10.5" ? (old, new) : (new, old)
            let good = try await lab.client("osadmin", RunningLab.publisher, "login")
            #expect(good["action"] as? String == right)
            #expect(good["status"] as? Int == 302)
            #expect(good["location"] as? String == "/cmplatform/")
            let elsewhere = try await lab.client("osadmin", RunningLab.publisher, "login", "", wrong)
            #expect(elsewhere["status"] as? Int == 404)
            let bad = try await lab.client("osadmin", RunningLab.publisher, "login", "wrong")
            #expect(bad["status"] as? Int == 200)
            #expect((bad["error"] as? String)?.contains("Invalid User ID or Password") == true)
            let anonymous = try await lab.client("osadmin", RunningLab.publisher, "anonymous")
            #expect(anonymous["status"] as? Int == 302)
            #expect(anonymous["location"] as? String == "/cmplatform/showLogin.do")
            #expect(anonymous["direct"] as? Int != 302)
            let locked = try await lab.client("osadmin", RunningLab.publisher, "lockout")
            #expect((locked["error"] as? String)?.contains("too many attempts") == true)
            // Each node has its own count.
            #expect(try await lab.client("osadmin", RunningLab.subscriber, "login")["status"] as? Int == 302)
        }
    }

    @Test(arguments: ["10.5", "12.5"]) func upload(release: String) async throws {
        try await RunningLab.with(release: release) { lab in
            // Bytes that would trip up a careless parser.
            let bytes =
                Array("\r\n------7d1a0c4e3\r\n\r\n--\0".utf8) + (0..<70000).map { _ in UInt8.random(in: .min ... .max) }
            let path = try lab.file(bytes)
            func text(_ arguments: String...) async throws -> String {
                let node = RunningLab.subscriber
                let answer: [String: Any]
                switch arguments.count {
                case 1: answer = try await lab.client("osadmin", node, "upload", arguments[0], path)
                default: answer = try await lab.client("osadmin", node, "upload", arguments[0], path, arguments[1])
                }
                return answer["text"] as? String ?? ""
            }
            #expect(try await text("some.bin") == "File uploaded successfully.")
            #expect(try lab.served(RunningLab.subscriber, "some.bin") == bytes)
            #expect(try !lab.serves(RunningLab.publisher, "some.bin"))
            #expect(try await text("dot.bin", ".") == "File uploaded successfully.")
            #expect(try lab.served(RunningLab.subscriber, "dot.bin") == bytes)
            #expect(try await text("other.bin", "/Desktops/1") == "File uploaded successfully.")
            #expect(try lab.served(RunningLab.subscriber, "Desktops/1/other.bin") == bytes)
            #expect(try await text("x", "../../keys").hasPrefix("Error: "))
            #expect(try await text("..").hasPrefix("Error: "))
            #expect(try await text("").hasPrefix("Error: "))

            try await lab.fault(RunningLab.subscriber, "disk-full")
            #expect(try await text("full.bin").contains("not enough disk space"))
            #expect(try !lab.serves(RunningLab.subscriber, "full.bin"))
            try await lab.fault(RunningLab.subscriber, "none")
            #expect(try await text("full.bin") == "File uploaded successfully.")
        }
    }

    @Test func uploadsAreLimited() async throws {
        try await RunningLab.with { lab in
            let large = try lab.file([UInt8](repeating: 7, count: (8 << 20) + 1))
            let answer = try await lab.client("osadmin", RunningLab.publisher, "upload", "large.bin", large)
            #expect((answer["text"] as? String)?.contains("larger than") == true)
            let huge = try lab.file([UInt8](repeating: 7, count: 13 << 20))
            let refused = try await lab.client("osadmin", RunningLab.publisher, "upload", "huge.bin", huge)
            #expect(refused["status"] as? Int == 413)
        }
    }

    @Test func tokensAreChained() async throws {
        try await RunningLab.with(release: "12.5") { lab in
            let answer = try await lab.client("osadmin", RunningLab.publisher, "tokens")
            #expect(answer["hasToken"] as? Bool == true)
            #expect(answer["first"] as? String == "File uploaded successfully.")
            #expect((answer["reused"] as? String)?.contains("already been processed") == true)
            #expect(answer["chained"] as? String == "File uploaded successfully.")
            #expect((answer["missing"] as? String)?.contains("already been processed") == true)
            #expect(try !lab.serves(RunningLab.publisher, "b.txt"))
            #expect(try !lab.serves(RunningLab.publisher, "d.txt"))
        }
    }

    @Test(arguments: ["10.5", "12.5"]) func certificates(release: String) async throws {
        try await RunningLab.with(release: release) { lab in
            let token = try TestToken("SAST-ADN008580ef        ")
            let node = RunningLab.publisher
            func upload(_ purpose: String, _ bytes: [UInt8]) async throws -> String {
                try await lab.client("osadmin", node, "certificate", purpose, try lab.file(bytes))["text"] as? String
                    ?? ""
            }
            #expect(try await upload("Phone-SAST-trust", Array("junk".utf8)).hasPrefix("Error: "))
            #expect(try await upload("Phone-SAST-trust", Array(token.certificate.der.dropLast())).hasPrefix("Error: "))
            #expect(try await upload("Coffee", token.certificate.der).hasPrefix("Error: "))
            #expect(try await upload("CallManager", token.certificate.der).hasPrefix("Error: "))
            #expect(try await upload("Phone-SAST-trust", token.certificate.der) == "Certificate Uploaded")
            #expect(try await upload("Phone-SAST-trust", Array(token.certificate.pem.utf8)) == "Certificate Uploaded")
            let twin = try TestToken("SAST-ADN008580ef        ")
            #expect(try await upload("Phone-SAST-trust", Array(twin.certificate.pem.utf8)) == "Certificate Uploaded")

            let list = try await lab.client("osadmin", node, "certificates")
            #expect(list["before"] as? Int == 0)
            let downloads = try (list["downloads"] as? [String: [Any]]).required("downloads")
            let names = ["SAST-ADN008580ef.pem", "SAST-ADN008580ef-1.pem"]
            for (name, expected) in zip(names, [token, twin]) {
                let download = try downloads["Phone-SAST-trust/\(name)"].required(name)
                #expect(download[0] as? Int == 200)
                #expect(download[1] as? Int == 200)
                #expect(try Certificate(pem: download[2] as? String ?? "") == expected.certificate)
            }
            let delete = try await lab.client("osadmin", node, "delete", "Phone-SAST-trust", names[0])
            #expect(delete["text"] as? String == "Certificate Deleted")
            let gone = try await lab.client("osadmin", node, "delete", "Phone-SAST-trust", names[0])
            // Before 11.0 it comes back after some seconds, as the other node still has it.
            if release != "10.5" { #expect((gone["text"] as? String)?.hasPrefix("Error: ") == true) }
            let own = try await lab.client("osadmin", node, "delete", "tomcat", "tomcat.pem")
            #expect((own["text"] as? String)?.hasPrefix("Error: ") == true)
        }
    }

    @Test func theTLSKeyIsTheOneAnnounced() async throws {
        try await RunningLab.reading { lab in
            for node in [RunningLab.publisher, RunningLab.subscriber] {
                let pin = try lab.node(node).tlsPin.required("tlsPin")
                let url = try lab.https(node) + "/cmplatform"
                #expect(try ChildProcess.end(of: ["curl", "-sk", "--pinnedpubkey", pin, url]).status == 0)
                let other = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
                #expect(try ChildProcess.end(of: ["curl", "-sk", "--pinnedpubkey", other, url]).status == 90)
            }
        }
    }

    @Test func administrativeXML() async throws {
        try await RunningLab.reading { lab in
            let sql =
                "select d.name, tm.name as model from device d, typemodel tm where d.tkmodel=tm.enum and d.tkclass=1"
            let answer = try await lab.client("soap", "axl", "executeSQLQuery", "sql", sql)
            let rows = try (answer["rows"] as? [[String: String]]).required("rows")
            #expect(rows.compactMap { $0["model"] } == ["Cisco 7975", "Cisco 8861", "Cisco 7960"])
            let all = try await lab.client("soap", "list", "SEP%")
            let phones = try (all["rows"] as? [[String: String]]).required("phones")
            #expect(Set(phones.compactMap { $0["name"] }) == Set(rows.compactMap { $0["name"] }))
            #expect(phones.allSatisfy { $0.keys.sorted() == ["model", "name"] })
            let none = try await lab.client("soap", "list", "SEP' or name like '%")
            #expect((none["rows"] as? [Any])?.isEmpty == true)
            let bad = try await lab.client("soap", "axl", "executeSQLQuery", "sql", "select from")
            #expect(bad["status"] as? Int == 500)
            #expect(bad["fault"] as? String == "A syntax error has occurred.")
            let unknown = try await lab.client("soap", "axl", "restartPhone", "name", "SEP000000000000")
            #expect(unknown["status"] as? Int == 500)
            let old = try await lab.client("soap", "raw", "CUCM:DB ver=9.1 restartPhone", "<x/>")
            #expect(old["status"] as? Int == 500)
            let version = try await lab.client("soap", "raw", "CUCM:DB ver=15.0 executeSQLQuery", "<x/>")
            #expect(version["status"] as? Int == 599)
            let secret = try await lab.client("soap", "raw", "CUCM:DB ver=10.5 executeSQLQuery", "<x/>", "wrong")
            #expect(secret["status"] as? Int == 401)

            let status = try await lab.status()
            let found = try await lab.client("soap", "ris", "*")
            let devices = try (found["devices"] as? [[String]]).required("devices")
            #expect(devices.map { $0[0] } == status.phones.map(\.name))
            #expect(devices.map { $0[1] } == ["437", "685", "7"])
            #expect(devices.map { $0[3] } == status.phones.map(\.address))
            #expect(devices.allSatisfy { $0[2] == "Registered" })
        }
    }
}
