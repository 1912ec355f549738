import Messages
import TrustList
import X509

extension CandidateSigner {
    /// What a list says about the signer. A phone goes by the names as spelled in the file, takes the first record with
    /// a certificate and the role, and verifies the signature with that certificate's key.
    func state(in list: TrustListFile) -> SignerState {
        let record = list.records.first {
            $0.role == .sast && $0.certificate != nil && $0.names(issuer: issuer, serialNumber: serialNumber)
        }
        guard let record else { return .absent }
        return record.x509?.publicKey == certificate.publicKey ? .named : .otherKey
    }

    enum SignerState { case named, otherKey, absent }
}

/// What a TVS server says when a phone asks it for the signer of a file.
public enum TVSStatement: Equatable, Sendable {
    /// It knows the certificate, and returns it with these roles.
    case vouches(certificate: [UInt8], roles: [Role])
    case doesNotKnow
    /// It did not answer; one sentence says why.
    case unreachable(LocalizableText)
    /// It has not been asked yet, and will know the certificate once that is uploaded.
    case expectedToVouch
    /// It does not know the certificate as a signer yet, and will once it has read the new file, which names it.
    case expectedToRead
    /// It has not been asked; what it would say is not known.
    case notAsked
}

extension TVSStatement {
    /// Whether the server makes a phone accept what this signer signed; nil if it gives no answer.
    public func vouches(for signer: CandidateSigner) -> Bool? {
        switch self {
        case .vouches(let certificate, let roles): roles.contains(.sast) && signer.isKey(of: certificate)
        case .expectedToVouch, .expectedToRead: true
        case .doesNotKnow: false
        case .unreachable, .notAsked: nil
        }
    }

    /// What it says of a signer once it has read a file that names that one as SAST.
    public func havingRead(aFileNaming signer: CandidateSigner) -> TVSStatement {
        switch self {
        case .doesNotKnow: .expectedToRead
        case .vouches(let certificate, let roles) where signer.isKey(of: certificate) && !roles.contains(.sast):
            .expectedToRead
        default: self
        }
    }
}

/// What a phone holds as its CTL file.
public enum HeldTrustList: Sendable {
    case none
    case file(TrustListFile)
    /// It holds something of which there is no copy here; the text says what is known.
    case unknown(LocalizableText)
}

/// Whether a phone will accept a new CTL file, and why.
public struct Verdict: Equatable, Sendable {
    public enum Outcome: String, Codable, Sendable {
        case accepted
        case refused
        case unknown

        /// For people.
        public var text: LocalizableText {
            switch self {
            case .accepted: localized("accepted")
            case .refused: localized("refused")
            case .unknown: localized("unknown")
            }
        }
    }

    /// Which rule of the model applied; the numbers are those of docs/phone-acceptance.md.
    public enum Rule: String, Codable, Sendable {
        case firstUse = "1-first-use"
        case firstNotVouched = "1-first-not-vouched"
        case signerInHeldCTL = "2-signer-in-held-ctl"
        case signerInITL = "3-signer-in-itl"
        case vouchedByTVS = "3-vouched-by-tvs"
        case noSecurityByDefault = "4-no-security-by-default"
        case notVouched = "4-not-vouched"
        case otherKey = "4-other-key"
        case tvsNotAsked = "tvs-not-asked"
        case tvsDisagree = "tvs-disagree"
        case itlNewer = "itl-newer"
        case itlDiffers = "itl-differs"
        case heldFileUnknown = "held-file-unknown"
        case modelUnknown = "model-unknown"
    }

    public let outcome: Outcome
    public let rule: Rule
    /// Why, as part of a sentence: "the signer is a token in the CTL file that it holds".
    public let reason: LocalizableText

    init(_ outcome: Outcome, _ rule: Rule, _ reason: LocalizableText) {
        self.outcome = outcome
        self.rule = rule
        self.reason = reason
    }
}

/// The acceptance model: what a phone does with a CTL file that it is offered.
///
/// A pure function. Source: Cisco technotes 118893 and 213407; docs/phone-acceptance.md gives each rule with its source.
public enum Acceptance {
    /// Decides for one phone.
    ///
    /// - Parameters:
    ///   - signer: who signs the file that is offered.
    ///   - held: the CTL file that the phone holds.
    ///   - itl: the ITL file that the phone holds, or nil.
    ///   - model: the phone's model.
    ///   - tvs: the answers of the TVS servers in the order in which the phone asks them. They count only if the ITL
    ///     lists a TVS server, because the phone would not trust another.
    public static func decide(
        signer: CandidateSigner, held: HeldTrustList, itl: TrustListFile?, model: PhoneModel, tvs: [TVSStatement]
    ) -> Verdict {
        switch held {
        case .none:
            return first(signer: signer, itl: itl, model: model, tvs: tvs)
        case .file(let file):
            switch signer.state(in: file) {
            case .named:
                return Verdict(
                    .accepted, .signerInHeldCTL, localized("the signer is in the CTL file that it holds"))
            case .otherKey:
                return otherKey(
                    localized(
                        "the CTL file that it holds names the signer with a different key, so the phone considers the signature wrong"
                    )
                )
            case .absent: break
            }
        case .unknown:
            break
        }
        switch model.securityByDefault {
        case .unsupported:
            if case .unknown(let what) = held { return heldUnknown(what) }
            return Verdict(
                .refused, .noSecurityByDefault,
                localized("the signer is not in the CTL file that it holds, and the model cannot ask a TVS server"))
        case .unknown:
            return Verdict(
                .unknown, .modelUnknown,
                localized(
                    "the signer is not in the CTL file that it holds, and whether \(model.name) can ask a TVS server is not known"
                )
            )
        case .supported:
            return throughITL(signer: signer, held: held, itl: itl, tvs: tvs)
        }
    }

    /// The first CTL file of a phone. One that has no ITL file either trusts it; one that has an ITL file may check it with
    /// that, and what it does if it cannot is not known.
    private static func first(
        signer: CandidateSigner, itl: TrustListFile?, model: PhoneModel, tvs: [TVSStatement]
    ) -> Verdict {
        guard model.securityByDefault != .unsupported, let itl else {
            return Verdict(
                .accepted, .firstUse, localized("it holds neither a CTL file nor an ITL file, and trusts the first one")
            )
        }
        let verdict = throughITL(signer: signer, held: .none, itl: itl, tvs: tvs)
        guard verdict.outcome == .refused else { return verdict }
        return Verdict(
            .unknown, .firstNotVouched,
            localized(
                "it holds an ITL file and no CTL file, and neither that ITL file nor a TVS server vouches for the signer"
            )
        )
    }

    private static func throughITL(
        signer: CandidateSigner, held: HeldTrustList, itl: TrustListFile?, tvs: [TVSStatement]
    ) -> Verdict {
        func refused(_ reason: LocalizableText) -> Verdict {
            if case .unknown(let what) = held { return heldUnknown(what) }
            return Verdict(.refused, .notVouched, reason)
        }
        guard let itl else {
            return refused(localized("the signer is not in the CTL file that it holds, and it has no ITL file"))
        }
        switch signer.state(in: itl) {
        case .named:
            return Verdict(.accepted, .signerInITL, localized("the signer is in its ITL file with a signing role"))
        case .otherKey:
            return otherKey(
                localized(
                    "the ITL file that it holds names the signer with a different key, so the phone considers the signature wrong"
                ))
        case .absent: break
        }
        guard itl.records.contains(where: { $0.role == .tvs }) else {
            return refused(
                localized("the signer is in neither of its trust lists, and its ITL file names no TVS server"))
        }
        if tvs.contains(.notAsked) {
            return Verdict(
                .unknown, .tvsNotAsked,
                localized(
                    "the signer is in neither of its trust lists, and it depends on whether a TVS server vouches for it"
                ))
        }
        // The phone asks one server after another until one answers. They share a database, and should say the same.
        let answers = tvs.compactMap { $0.vouches(for: signer) }
        if answers.contains(true), answers.contains(false) {
            return Verdict(
                .unknown, .tvsDisagree,
                localized("its TVS servers do not agree about the signer; check database replication"))
        }
        if answers.first == true {
            return Verdict(
                .accepted, .vouchedByTVS,
                tvs.contains(.expectedToVouch)
                    ? localized("its TVS server will vouch for the signer once the certificate is uploaded")
                    : tvs.contains(.expectedToRead)
                        ? localized("its TVS server will vouch for the signer once it has read the file")
                        : localized("its TVS server vouches for the signer"))
        }
        let reasons = tvs.map { answer in
            switch answer {
            case .vouches(let certificate, _) where !signer.isKey(of: certificate):
                localized("its TVS server knows a different certificate under the signer's name")
            case .vouches: localized("its TVS server knows the signer, but not with the role SAST")
            case .unreachable(let why): localized("its TVS server does not answer (\(why))")
            case .doesNotKnow, .expectedToVouch, .expectedToRead, .notAsked:
                localized("its TVS server does not know the signer")
            }
        }
        let reason = reasons.first ?? localized("no TVS server could be asked")
        return refused(localized("the signer is in neither of its trust lists, and \(reason)"))
    }

    private static func otherKey(_ reason: LocalizableText) -> Verdict {
        Verdict(.refused, .otherKey, reason)
    }

    private static func heldUnknown(_ what: LocalizableText) -> Verdict {
        Verdict(.unknown, .heldFileUnknown, what)
    }
}
