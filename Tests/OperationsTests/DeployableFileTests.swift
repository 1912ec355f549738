import Cluster
import Configuration
import Messages
import Testing
import TrustList
import X509

@testable import Operations

/// What a CTL file must be like before it is deployed, and what is said about nodes that differ.
@Suite(.timeLimit(.minutes(5))) struct DeployableFileTests {
    private static let key = try! PrivateKey.generate(bits: 1024)

    private static func certificate(_ name: String, _ serial: UInt8, until: Int64 = 4_000_000_000) throws -> Certificate
    {
        try CertificateBuilder(
            subject: DistinguishedName(["CN": name]), serialNumber: [serial], notBefore: 0, notAfter: until
        ).selfSigned(by: key)
    }

    /// The first certificate signs.
    private static func list(
        _ records: [(Certificate, Role, String)], fileName: String = "CTLFile.tlv"
    ) throws -> TrustListFile {
        try TrustListDraft(
            fileName: fileName, timestamp: 1_425_671_113, digest: .sha1,
            records: records.map { certificate, role, host in
                // A server is known by its address.
                try Record(
                    certificate: certificate, role: role, dnsName: host,
                    ipAddress: [127, 1, 2, host.utf8.reduce(0, &+)], names: .cucm,
                    withCertificateSignature: true)
            }
        ).signed(by: SoftwareSigner(certificate: records[0].0, key: key))
    }

    private func file(_ list: TrustListFile) throws -> DeployableFile {
        try DeployableFile(list.encoded(), path: "new.tlv", at: 1_500_000_000)
    }

    private func served(_ files: [TrustListFile?]) -> DistributedFile {
        DistributedFile(
            kind: .ctl,
            readings: files.enumerated().map { index, file in
                TrustListReading(
                    node: "node\(index)", transport: .tftp, outcome: file.map { .file($0.encoded()) } ?? .absent)
            })
    }

    @Test func serversOfAnyPresentFileMustBeInTheNewOne() throws {
        let signer = try Self.certificate("signer", 1)
        let (pub, sub) = (try Self.certificate("pub", 2), try Self.certificate("sub", 3))
        let all = try Self.list([(signer, .sast, "s"), (pub, .ccmTFTP, "pub"), (sub, .tftp, "sub")])
        let one = try Self.list([(signer, .sast, "s"), (pub, .ccmTFTP, "pub")])
        #expect(try file(all).missingServers(replacing: served([one, all])) == [])
        #expect(try file(one).missingServers(replacing: served([one, all, all])) == ["sub"])
        #expect(try file(one).missingServers(replacing: served([nil])) == [])
    }

    @Test func aSignerIsKnownFromTheFileThatPhonesHold() throws {
        let (old, new) = (try Self.certificate("old", 1), try Self.certificate("new", 2))
        let before = try Self.list([(old, .sast, "o")])
        let introduced = try Self.list([(old, .sast, "o"), (new, .sast, "n")])
        let after = try Self.list([(new, .sast, "n")])
        #expect(try !file(after).isSignerKnown(to: served([before])))
        #expect(try file(after).isSignerKnown(to: served([introduced])))
        #expect(try file(after).isSignerKnown(to: served([after])))
        #expect(try file(after).isSignerKnown(to: served([nil])))
    }

    /// The same subject, issuer and serial number with another key: phones would consider its signature wrong.
    @Test func aSignerIsKnownByItsKeyNotByItsNames() throws {
        let known = try Self.certificate("signer", 1)
        let other = try PrivateKey.generate(bits: 1024)
        let double = try CertificateBuilder(
            subject: known.subject, serialNumber: known.serialNumber, notBefore: 0, notAfter: 2_000_000_000
        ).selfSigned(by: other)
        let before = try Self.list([(known, .sast, "s")])
        let record = try Record(
            certificate: double, role: .sast, dnsName: "s", ipAddress: [127, 1, 2, 3], names: .cucm,
            withCertificateSignature: true)
        let after = try TrustListDraft(fileName: "CTLFile.tlv", timestamp: 2, digest: .sha1, records: [record])
            .signed(by: SoftwareSigner(certificate: double, key: other))
        #expect(after.records[0].names(issuer: before.header.caName, serialNumber: before.header.serialNumber))
        #expect(try !file(after).isSignerKnown(to: served([before])))
    }

    @Test func whatPhonesCannotUseIsNotDeployed() throws {
        let signer = try Self.certificate("signer", 1)
        let list = try Self.list([(signer, .sast, "s")])
        #expect(try file(list).bytes == list.encoded())
        let itl = #expect(throws: DeploymentError.self) {
            try file(Self.list([(signer, .sast, "s")], fileName: "ITLFile.tlv"))
        }
        #expect(itl?.text.localized == "new.tlv calls itself ITLFile.tlv; expected CTLFile.tlv.")
        var bytes = list.encoded()
        bytes[bytes.count - 1] ^= 1
        let damaged = try TrustListFile(decoding: bytes)
        let error = #expect(throws: DeploymentError.self) { try file(damaged) }
        #expect(error?.code == .verificationFailed && error?.details.isEmpty == false)
    }

    /// Nothing is asked, saved or changed, unless someone allows it.
    @Test func aFileThatLacksServersStopsBeforeAnyQuestion() throws {
        let (signer, sub) = (try Self.certificate("signer", 1), try Self.certificate("sub", 3))
        let present = try Self.list([(signer, .sast, "s"), (sub, .tftp, "sub")]).encoded()
        let new = try file(Self.list([(signer, .sast, "s")]))
        let node = DeploymentTests.Node("pub", present)
        var hooks = TrustListDeployment.Hooks(backUp: { _ in "saved" })
        var asked = 0
        hooks.approve = { _ in asked += 1 }
        let error = #expect(throws: DeploymentError.self) {
            try ClusterTrustLists([node]).deploy(new, hooks: hooks)
        }
        #expect(error?.code == .missingServers && error?.text.localized.contains("no record of sub,") == true)
        #expect(asked == 0 && node.writes.isEmpty)
        let done = try ClusterTrustLists([node]).deploy(new, allowingMissingServers: true, hooks: hooks)
        #expect(done.outcome == .done && asked == 1)
    }

    @Test func nodesThatDifferAreFindings() throws {
        let signer = try Self.certificate("signer", 1)
        let (a, b) = (
            try Self.list([(signer, .sast, "a")]).encoded(), try Self.list([(signer, .sast, "b")]).encoded()
        )
        func file(_ kind: TrustListKind, _ outcomes: [TrustListReading.Outcome]) -> DistributedFile {
            DistributedFile(
                kind: kind,
                readings: outcomes.enumerated().map { index, outcome in
                    TrustListReading(
                        node: "node\(index / 2)", transport: index % 2 == 0 ? .tftp : .http, outcome: outcome)
                })
        }
        func found(_ kind: TrustListKind, _ outcomes: [TrustListReading.Outcome]) -> [String] {
            file(kind, outcomes).findings(of: "office").map { "\($0.code.rawValue) \($0.node ?? "")" }
        }
        #expect(found(.ctl, [.file(a), .file(a), .file(a), .file(a)]) == [])
        #expect(found(.ctl, [.file(a), .file(a), .file(b), .absent]) == ["files-differ node1", "files-differ node1"])
        // Each node has an ITL file of its own.
        #expect(found(.itl, [.file(a), .file(a), .file(b), .file(b)]) == [])
        #expect(found(.itl, [.file(a), .file(b), .file(b), .file(b)]) == ["files-differ node0"])
        let down = ClusterError(.unreachable, operation: .verbatim("read"), message: .verbatim("nobody is there"))
        #expect(found(.ctl, [.failed(down), .failed(down), .file(a), .file(a)]) == ["node-not-read node0"])
        let text = file(.ctl, [.file(a), .file(b)]).findings(of: "office")[0].text.localized
        #expect(text.hasPrefix("node0 serves a different CTLFile.tlv over HTTP than node0 over TFTP: \(b.count) bytes"))
    }
}
