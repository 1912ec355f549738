import Testing
import TrustList
import X509

@Suite(.timeLimit(.minutes(5))) struct BadFiles {
    @Test func everyTruncationIsRefusedOrLosesWholeRecordsAndThenTheSignature() throws {
        let bytes = try Workshop.ctlClientFile().encoded()
        let boundaries: Set = [304, 1490, 2512, 3516, 4542]
        for length in 0..<bytes.count {
            let part = Array(bytes.prefix(length))
            if boundaries.contains(length) {
                // A file cut between two records parses fine; only its signature shows it.
                let file = try TrustListFile(decoding: part)
                #expect(try !file.isSigned(by: Workshop.secondToken))
            } else {
                #expect(throws: TrustListError.self, "cut to \(length) bytes") { try TrustListFile(decoding: part) }
            }
        }
    }

    @Test func everyFlippedBitIsRefusedOrBreaksTheSignature() throws {
        let bytes = try Workshop.ctlClientFile().encoded()
        var read = 0
        for position in bytes.indices {
            for bit in 0..<8 {
                var flipped = bytes
                flipped[position] ^= 1 << bit
                guard let file = try? TrustListFile(decoding: flipped) else { continue }
                read += 1
                let valid = try file.isSigned(by: Workshop.secondToken)
                #expect(!valid, "bit \(bit) of byte \(position)")
            }
        }
        // Most flips are in names, keys and certificates, which the decoder does not check.
        #expect(read > bytes.count)
    }

    @Test(
        arguments: [
            ([], TrustListError.Code.empty),
            ([0x30, 0x82, 0x01, 0x00], .notATrustList),
            ([1], .truncated),
            ([1, 0, 2, 1, 2], .missingField),
            ([1, 0, 2, 1, 2, 2, 0, 2, 0xff, 0xff], .badLength),
            ([1, 0, 2, 1, 2, 1, 0, 2, 1, 2], .duplicateField),
        ] as [([UInt8], TrustListError.Code)])
    func badHeadersAreNamed(bytes: [UInt8], code: TrustListError.Code) {
        let error = #expect(throws: TrustListError.self) { try TrustListFile(decoding: bytes) }
        #expect(error?.code == code)
    }

    @Test func longerThanTheLimitIsRefused() {
        let error = #expect(throws: TrustListError.self) {
            try TrustListFile(decoding: Array(repeating: 1, count: TrustListFile.maximumLength + 1))
        }
        #expect(error?.code == .tooLarge)
    }

    @Test func aSignerWithoutRecordIsRefused() throws {
        let error = #expect(throws: TrustListError.self) {
            try Workshop.tokenlessDraft().signed(
                by: SoftwareSigner(certificate: Workshop.subscriber, key: Workshop.subscriberKey))
        }
        #expect(error?.code == .unusableSigner)
    }

    /// A signer whose key does not match its certificate: the draft must notice before anything is written.
    private struct WrongKey: TrustListSigner {
        let certificate = Workshop.publisher
        func sign(_ message: [UInt8], digest: DigestAlgorithm) throws -> [UInt8] {
            try Workshop.subscriberKey.sign(message, digest: digest)
        }
    }

    @Test func aSignatureThatDoesNotVerifyIsRefused() throws {
        let error = #expect(throws: TrustListError.self) {
            try Workshop.tokenlessDraft().signed(
                by: WrongKey())
        }
        #expect(error?.code == .signatureMismatch)
    }

    /// The length of the version, and the algorithm of the signature.
    @Test(arguments: [(3, 2), (304, 9)]) func unknownValuesAreNamed(position: Int, value: UInt8) throws {
        var bytes = try Workshop.ctlClientFile().encoded()
        bytes[position] = value
        let error = #expect(throws: TrustListError.self) { try TrustListFile(decoding: bytes) }
        #expect(error?.code == .badValue)
    }

    @Test func certificatesAndKeysThatAreNone() throws {
        func code(_ body: () throws -> Void) -> CertificateError.Code? {
            #expect(throws: CertificateError.self) { try body() }?.code
        }
        let der = Workshop.publisher.der
        for bytes in [[], [0x30], Array(der.dropLast()), der + [0]] {
            #expect(code { _ = try Certificate(der: bytes) } == .notACertificate)
        }
        #expect(code { _ = try PrivateKey(pem: "no key") } == .notAPrivateKey)
        #expect(code { _ = try PrivateKey.generate(bits: 1) } == .cryptoFailed)
        let curve = try PrivateKey.generate(curveOf: 256).publicKey()
        #expect(code { _ = try curve.isValid(signature: [0], message: [], digest: .sha1) } == .unsupportedKey)
    }
}
