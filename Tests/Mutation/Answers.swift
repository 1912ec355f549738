#if DEBUG
    import Basics
    import TrustList
    import X509

    extension Target {
        /// What goes to the machine with the token, and what comes back.
        static func signedElsewhere() throws -> [Target] {
            let key = try PrivateKey.generate(bits: 1024)
            let certificate = try CertificateBuilder(
                subject: DistinguishedName(["CN": "SAST-ADN0054f509"]), serialNumber: [3], notBefore: 0,
                notAfter: 4_000_000_000
            ).selfSigned(by: key)
            let draft = TrustListDraft(timestamp: 1_800_000_000, digest: .sha1, records: [try .token(certificate)])
            let signer = try SoftwareSigner(certificate: certificate, key: key)
            let request = SigningRequest(
                try draft.unsigned(for: certificate), replacing: try draft.signed(by: signer).encoded(),
                askedBy: "alice@office", at: Timestamp(1_800_000_000), version: "0")
            let file = try JSON.document(RequestFile(request))
            let received = ReceivedRequest(request, in: file)
            let answer = try SigningAnswer(
                to: received, by: signer, author: "bob@safe", at: Timestamp(1_800_000_060), version: "0")
            let texts = [
                AnswerText.line(of: answer), AnswerText.lines(of: answer).joined(separator: "\n"),
            ].map { Array($0.utf8) }
            return [
                Target(name: "signing request", seeds: [file]) { bytes in
                    guard let read = try? RequestFile.received(bytes) else { return }
                    precondition(read.request.list.message.count < read.request.list.bytes.count)
                },
                Target(name: "signing answer", seeds: [try JSON.document(answer)] + texts) { bytes in
                    guard let read = try? SigningAnswer(reading: bytes, to: received),
                        let verified = try? VerifiedAnswer(read, to: received)
                    else { return }
                    // Nothing else passes for it.
                    precondition(verified.answer == answer)
                },
            ]
        }
    }
#endif
