import Basics
import Messages
import X509

/// An answer whose signatures were verified over the bytes of its request. Nothing else can take the place of a token.
public struct VerifiedAnswer: Sendable {
    public let answer: SigningAnswer
    public let request: SigningRequest
    /// The trust list with its signature.
    public let list: TrustListFile

    /// Verifies an answer.
    ///
    /// - Parameter received: the request, as it is in the file that was sent to be signed.
    /// - Throws: ``AnswerError`` (`answer-differs`, `answer-refused`).
    public init(_ answer: SigningAnswer, to received: ReceivedRequest) throws(AnswerError) {
        guard answer.request == received.sha256 else {
            throw AnswerError(
                .answerDiffers,
                localized(
                    "The answer is for a file with the SHA-256 \(answer.request); this one has \(received.sha256)."))
        }
        list = try answer.list(of: received.request)
        (self.answer, request) = (answer, received.request)
    }
}

extension SigningAnswer {
    /// The trust list that a request wants, with the signature of this answer.
    ///
    /// - Throws: ``AnswerError`` (`answer-differs`, `answer-refused`).
    fileprivate func list(of request: SigningRequest) throws(AnswerError) -> TrustListFile {
        let list = request.list
        let sha256 = Digest.sha256(list.message).hex
        guard message == sha256 else {
            throw AnswerError(
                .answerDiffers,
                localized(
                    "The answer is for other bytes: SHA-256 \(message); those that are to be signed have \(sha256)."
                ))
        }
        guard certificate == list.signer.der else {
            throw AnswerError(
                .answerDiffers,
                localized(
                    "Another token signed: the one with the certificate SHA-1 \(Digest.sha1(certificate).hex), not the one with SHA-1 \(list.signer.sha1.hex)."
                ))
        }
        let isSealed = try? list.signer.publicKey.isValid(
            signature: seal, message: statement, digest: .sha256)
        guard isSealed == true else {
            throw AnswerError(
                .answerRefused,
                localized(
                    "The answer's seal does not verify with the certificate of \(list.file.header.signerName): what it says is not what was signed."
                ))
        }
        guard let file = try? list.signed(with: signature) else {
            throw AnswerError(
                .answerRefused,
                localized(
                    "The answer's signature does not verify with the certificate of \(list.file.header.signerName)."))
        }
        return file
    }
}

/// A signer that has signed already, elsewhere: it knows one signature, and refuses to sign anything else.
public struct AnsweredSigner: TrustListSigner {
    private let list: UnsignedTrustList
    private let signature: [UInt8]

    public init(_ answer: VerifiedAnswer) { (list, signature) = (answer.request.list, answer.answer.signature) }

    /// From the journal of a change. That the answer belongs to the plan's file was checked when the change started;
    /// everything else is checked again.
    ///
    /// - Throws: ``AnswerError`` (`answer-differs`, `answer-refused`).
    package init(recorded answer: SigningAnswer, to request: SigningRequest) throws(AnswerError) {
        _ = try answer.list(of: request)
        (list, signature) = (request.list, answer.signature)
    }

    public var certificate: Certificate { list.signer }

    /// - Throws: ``AnswerError`` (`answer-differs`) if it is not what was signed.
    public func sign(_ message: [UInt8], digest: DigestAlgorithm) throws -> [UInt8] {
        guard message == list.message, digest == list.file.header.digest else {
            throw AnswerError(
                .answerDiffers,
                localized(
                    "The file that would be built now (SHA-256 \(Digest.sha256(message).hex) without its signature) is not the one that was signed (\(Digest.sha256(list.message).hex))."
                ))
        }
        return signature
    }
}
