import Foundation
import FuzzTargets
import ServerFixtures
import Testing
import TrustList
import X509

extension SeededRandom {
    fileprivate mutating func bytes(upTo length: Int) -> [UInt8] {
        let count = Int.random(in: 0...length, using: &self)
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
}

@Suite(.timeLimit(.minutes(5))) struct Properties {
    static let seeds = (0..<200).map { _ in UInt64.random(in: 0 ... .max) }

    /// A file of random valid records: any roles, names, lengths and unknown content.
    private func file(_ random: inout SeededRandom) throws -> TrustListFile {
        let signer = try Record(
            certificate: Workshop.publisher, role: .sast, dnsName: "pub", ipAddress: [10, 0, 0, 1], names: .cucm,
            withCertificateSignature: Bool.random(using: &random))
        var records = [signer]
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            records.append(
                try Record(
                    dnsName: String(
                        (0..<Int.random(in: 0...20, using: &random)).map { _ in
                            "häß.x".randomElement(using: &random)!
                        }),
                    subjectName: "CN=\(UInt32.random(in: 0...99, using: &random))",
                    role: Role(rawValue: .random(in: 0...30, using: &random)), issuerName: "CN=ca",
                    serialNumber: random.bytes(upTo: 20), publicKey: random.bytes(upTo: 300),
                    certificateSignature: Bool.random(using: &random) ? random.bytes(upTo: 300) : nil,
                    certificate: random.bytes(upTo: 1200),
                    ipAddress: (0..<4).map { _ in UInt8.random(in: 0...255, using: &random) }))
        }
        return try TrustListDraft(
            fileName: Bool.random(using: &random) ? "CTLFile.tlv" : "ITLFile.tlv",
            timestamp: .random(in: 0 ... .max, using: &random),
            digest: DigestAlgorithm.allCases.randomElement(using: &random)!, records: records
        ).signed(
            by: SoftwareSigner(certificate: Workshop.publisher, key: Workshop.publisherKey))
    }

    @Test(arguments: seeds) func randomValidFilesRoundTrip(seed: UInt64) throws {
        var random = SeededRandom(seed)
        let made = try file(&random)
        let bytes = made.encoded()
        let read = try TrustListFile(decoding: bytes)
        #expect(read == made && read.encoded() == bytes)
        #expect(try read.isSigned(by: Workshop.publisher))
        #expect(read.header.length % 4 == 0)
        #expect(TrustListDiff(from: made, to: read).changes.isEmpty)
        // A byte is changed somewhere: the file is refused, or no longer signed, or no longer the same list.
        var changed = bytes
        changed[Int.random(in: 0..<bytes.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
        if let other = try? TrustListFile(decoding: changed) {
            #expect(try !other.isSigned(by: Workshop.publisher))
        }
    }

    @Test(arguments: seeds) func randomBytesAreRefusedOrKept(seed: UInt64) {
        var random = SeededRandom(seed)
        for prefix: [UInt8] in [[], [1, 0, 2, 1, 2], [1, 0, 2, 1, 2, 2, 0, 2, 1, 0]] {
            let bytes = prefix + random.bytes(upTo: 600)
            FuzzTarget.decode.run(bytes)
            FuzzTarget.names.run(bytes)
        }
    }

    /// The fuzzers' starting points, and what once broke a parser (tools/deep fuzz).
    @Test(arguments: FuzzTarget.allCases) func theCorpusHoldsNoSurprise(target: FuzzTarget) throws {
        let folder =
            "\(#filePath.prefix(upTo: #filePath.range(of: "/TrustListTests/")!.lowerBound))/Fuzz/Corpus/\(target.rawValue)"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(!names.isEmpty)
        for name in names {
            target.run(Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))))
        }
    }
}
