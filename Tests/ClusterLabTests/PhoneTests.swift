import Basics
import ClusterLab
import Configuration
import Foundation
import ServerFixtures
import Testing
import X509

/// What the phones accept and what they refuse, with files signed by test keys.
@Suite(.waiting, .timeLimit(.minutes(10))) struct PhoneTests {
    private func outcomes(_ phones: [String: LabStatus.Phone]) -> [String?] {
        ["CP-7975", "CP-8861", "CP-7960"].map { phones[$0]?.ctlOutcome }
    }

    @Test func aTokenFileThatTVSVouchesFor() async throws {
        try await RunningLab.with { lab in
            let old = try lab.served(RunningLab.publisher)
            let (first, second) = (try TestToken("SAST-ADN0054f509        "), try TestToken("SAST-ADN008580ef        "))
            let file = try first.ctl(old, others: [second])
            try await lab.deploy(file)
            var phones = try await lab.restartPhones()
            #expect(outcomes(phones) == ["accepted", "accepted", "refused"])
            #expect(phones["CP-7960"]?.ctlReason?.contains("does not ask TVS") == true)
            for (model, phone) in phones {
                #expect(lab.held(phone.name) == (model == "CP-7960" ? old : file))
            }

            // The second token signs the next file: it is in the file that the first two phones hold, and unknown to
            // the third.
            let next = try second.ctl(old, others: [first])
            try await lab.deploy(next)
            _ = try await lab.type(["utils service stop Cisco Trust Verification Service", "exit"])
            phones = try await lab.restartPhones()
            #expect(outcomes(phones) == ["accepted", "accepted", "refused"])
            #expect(phones["CP-7975"]?.ctlReason == "the signer is in the CTL file held")

            // Back to tokenless: the publisher's key is in the phones' ITL files, and in the third phone's CTL file.
            _ = try await lab.type(["utils ctl update CTLFile", "y", "exit"])
            phones = try await lab.restartPhones()
            #expect(outcomes(phones) == ["accepted", "accepted", "accepted"])
            #expect(phones["CP-8861"]?.ctlReason == "the signer is in the ITL file held")
            #expect(phones["CP-7960"]?.ctlReason == "the signer is in the CTL file held")
        }
    }

    @Test func withoutTVSAnUnknownSignerIsRefused() async throws {
        try await RunningLab.with { lab in
            let old = try lab.served(RunningLab.publisher)
            try await lab.deploy(try TestToken("SAST-ADN0054f509").ctl(old))
            _ = try await lab.type(["utils service stop Cisco Trust Verification Service", "exit"])
            let phones = try await lab.restartPhones()
            #expect(outcomes(phones) == ["refused", "refused", "refused"])
            #expect(phones["CP-7975"]?.ctlReason?.contains("no TVS server answers") == true)
            for phone in phones.values {
                #expect(lab.held(phone.name) == old)
                let page = "http://\(phone.address):\(try lab.cluster().phoneWebPort)"
                let log = "\(page)/CGI/Java/Serviceability?adapter=device.settings.status.messages"
                let messages = try ChildProcess.end(of: ["curl", "-s", log]).output
                #expect(messages.contains("Trust List update failed, verification failure"))
            }
        }
    }

    @Test func damagedFilesAreRefused() async throws {
        try await RunningLab.with { lab in
            let old = try lab.served(RunningLab.publisher)
            let good = try TestToken("SAST-ADN0054f509").ctl(old)
            var flipped = good
            flipped[flipped.count - 200] ^= 1
            var signature = old
            // In the signature of a file whose signer the phones know.
            signature[250] ^= 1
            for bad in [Array(good.dropLast(7)), flipped, signature, Array("junk".utf8)] {
                try await lab.deploy(bad)
                let phones = try await lab.restartPhones()
                #expect(outcomes(phones) == ["refused", "refused", "refused"])
                for phone in phones.values { #expect(lab.held(phone.name) == old) }
            }
        }
    }

    @Test func filesThatAreNotThereChangeNothing() async throws {
        try await RunningLab.with { lab in
            let old = try lab.served(RunningLab.publisher)
            _ = try await lab.type(["file delete tftp CTLFile.tlv", "y", "exit"])
            #expect(outcomes(try await lab.restartPhones()) == ["absent", "absent", "absent"])
            // With the publisher down, the subscriber's file counts.
            try await lab.fault(RunningLab.publisher, "down")
            try await lab.deploy(try TestToken("SAST-ADN0054f509").ctl(old), to: [RunningLab.subscriber])
            let before = try await lab.status().phones
            #expect(before.allSatisfy { lab.held($0.name) == old })
        }
    }

    @Test func aPhoneFallsBackToTheSubscriber() async throws {
        try await RunningLab.inDirectory { directory in
            #expect(try await RunningLab.cli(["up", directory]).status == 0)
            let lab = try RunningLab(directory: directory)
            try await lab.fault(RunningLab.publisher, "down")
            #expect(try await RunningLab.cli(["down", directory]).status == 0)
            // Phones start with the lab; the fault is still there.
            let up = try await RunningLab.cli(["up", directory])
            #expect(up.status == 0, "\(up.errors)")
            let phones = try await lab.status().phones
            #expect(phones.map(\.ctlOutcome) == ["unchanged", "unchanged", "unchanged"])
            #expect(phones.allSatisfy { $0.registeredAt == RunningLab.subscriber })
            // The subscriber signs its own ITL file; its key is in the CTL file.
            #expect(phones.map(\.itlOutcome) == ["accepted", "accepted", nil])
            #expect(try await RunningLab.cli(["down", directory]).status == 0)
        }
    }

    @Test func theWebPageShowsTheChecksum() async throws {
        try await RunningLab.with { lab in
            let port = try lab.cluster().phoneWebPort
            for phone in try await lab.status().phones {
                let page = "http://\(phone.address):\(port)"
                let device = try ChildProcess.end(of: ["curl", "-s", page + "/DeviceInformationX"]).output
                #expect(device.contains("<HostName>\(phone.name)</HostName>"))
                #expect(device.contains("<modelNumber>\(phone.model)"))
                let path = "/CGI/Java/Serviceability?adapter=device.settings.security"
                let security = try ChildProcess.end(of: ["curl", "-s", page + path]).output
                let bytes = try lab.held(phone.name).required("CTL file")
                let checksum = phone.model == "CP-8861" ? Digest.sha1(bytes).hex : Digest.md5(bytes).hex
                #expect(security.contains("<b>CTL File</b></td><td>\(checksum)</td>"))
                #expect(security.contains("ITL File") == (phone.model != "CP-7960"))
            }
        }
    }
}
