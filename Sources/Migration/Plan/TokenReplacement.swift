import Basics
import Cluster
import Configuration
import Messages
import Phones
import TrustList
import X509

/// Lost tokens, as the user specified them.
public struct LostTokens: Sendable {
    let names: [String]
    let signer: String?
    let inserted: [ChangePlan.Token]

    /// - Parameters:
    ///   - names: their names, serial numbers or SHA-1, as the current file has them.
    ///   - signer: which of the remaining tokens signs, specified in the same way; nil for one that is inserted, else the
    ///     one that signed the current file.
    ///   - inserted: the tokens that are inserted: the label of a remaining one is only on the token itself.
    public init(_ names: [String], signer: String? = nil, inserted: [ChangePlan.Token] = []) {
        (self.names, self.signer, self.inserted) = (names, signer, inserted)
    }
}

/// What a replacement of lost tokens means on a cluster: which tokens leave the file, and who signs it.
struct TokenReplacement {
    /// SHA-1 of the certificates of the lost tokens.
    let lost: [String]
    /// The new tokens, and the remaining one that signs, which comes last; none if the cluster is to sign.
    let tokens: [ChangePlan.Token]

    /// - Throws: ``MigrationError`` (`no-such-token`, `unusable-tokens`, `not-applicable`).
    init(_ lost: LostTokens, _ request: ChangeRequest, on survey: Survey, of cluster: String) throws {
        let present = try survey.requirePresent().list
        let inFile = present.records.filter { $0.isToken && $0.x509 != nil }
        guard !inFile.isEmpty else {
            throw MigrationError(
                .notApplicable,
                localized("The current CTL file names no token; it is signed by \(present.header.signerName)."),
                next: localized("To have tokens sign it: etoken-bridge migrate to-etoken --cluster \(word: cluster)"))
        }
        let going = try lost.names.map { try Self.record($0, inFile, cluster) }
        let lostOnes = Set(going.compactMap(\.certificate))
        let remaining = inFile.filter { record in !lostOnes.contains { $0 == record.certificate } }
        let new = try request.tokens.map { ($0, try $0.certificate()) }
        for (token, certificate) in new where inFile.contains(where: { $0.certificate == certificate.der }) {
            throw MigrationError(
                .unusableTokens,
                lostOnes.contains(certificate.der)
                    ? localized("Token \(token.label) is specified with --lost and with --with.")
                    : localized("Token \(token.label) is in the current file already, so it replaces no other one."),
                next: localized("Specify a new token: --with LABEL."))
        }
        self.lost = going.compactMap { $0.x509?.sha1.hex }.reduce(into: []) { all, sha1 in
            if !all.contains(sha1) { all.append(sha1) }
        }
        guard !remaining.isEmpty else {
            tokens = request.tokens
            try Self.checkWithoutSigner(request, survey)
            return
        }
        guard remaining.count + new.count >= 2 else {
            throw MigrationError(
                .unusableTokens,
                localized(
                    "Only token \(remaining.map(\.tokenName).list) would remain in the file; two are required, so that losing one does not lock you out of the cluster."
                ), next: localized("Insert a new token, and specify it: --with LABEL."))
        }
        tokens = request.tokens + [try Self.signer(lost, remaining, present)]
    }

    private static func record(_ name: String, _ tokens: [Record], _ cluster: String) throws(MigrationError) -> Record {
        let found = tokens.filter { ForeignRecord($0).isNamed(by: [name]) }
        if found.count == 1 { return found[0] }
        let names = tokens.map { ForeignRecord($0).text }.list
        throw MigrationError(
            .noSuchToken,
            found.isEmpty
                ? localized("The current CTL file names no token \(name). It names \(names).")
                : localized("The current CTL file names more than one token \(name). It names \(names)."),
            next: found.isEmpty
                ? localized(
                    "Specify the lost one as it is listed, by its name, serial number or SHA-1. One that has left the file may still be in \(TrustStores.phoneSAST): etoken-bridge trust list --cluster \(word: cluster)"
                ) : localized("Specify the lost one by its SHA-1."))
    }

    /// The remaining token that signs.
    private static func signer(
        _ lost: LostTokens, _ remaining: [Record], _ present: TrustListFile
    ) throws -> ChangePlan.Token {
        func inserted(_ record: Record) throws -> ChangePlan.Token? {
            try lost.inserted.first { try $0.certificate().der == record.certificate }
        }
        let chosen: Record
        if let name = lost.signer {
            let found = remaining.filter { ForeignRecord($0).isNamed(by: [name]) }
            guard found.count == 1 else {
                throw MigrationError(
                    .noSuchToken,
                    localized(
                        "--sign-with \(name) is not a token that remains in the file; these do: \(remaining.map { ForeignRecord($0).text }.list)."
                    ), next: localized("Specify one of them, or leave the option out."))
            }
            chosen = found[0]
        } else {
            let signing = present.signerRecord?.certificate
            chosen =
                try remaining.first { try inserted($0) != nil }
                ?? remaining.first { $0.certificate == signing } ?? remaining[remaining.count - 1]
        }
        guard let certificate = chosen.x509 else {
            throw MigrationError(
                .presentFileInvalid,
                localized("The certificate of token \(chosen.tokenName) in the file is unreadable."),
                next: localized("Choose another one: --sign-with."))
        }
        // Its label as a token may be anything; in the file it is named by its certificate.
        return try inserted(chosen) ?? ChangePlan.Token(label: chosen.tokenName, certificate: certificate)
    }

    /// No token is left that phones know.
    private static func checkWithoutSigner(_ request: ChangeRequest, _ survey: Survey) throws {
        guard request.tokens.isEmpty, !survey.version.hasTokenlessTrustList else { return }
        throw MigrationError(
            .unusableTokens,
            localized(
                "No token remains in the file, and CUCM \(survey.version) has no utils ctl command with which the cluster could sign it itself."
            ), next: localized("Insert two new tokens, and specify them: --with LABEL --with LABEL."))
    }
}

extension Planner {
    /// The records of the current file that its plan also removes from Phone-SAST-trust.
    private var lost: [String] {
        for case .removeCertificates(let certificates, _) in plan.steps { return certificates }
        return []
    }

    /// Checks that what leaves Phone-SAST-trust are tokens of the current file, and that the user specified them: a
    /// plan may come from someone else.
    func checkLost() throws {
        let records = (survey.present?.records ?? []).filter(\.isToken)
        for sha1 in lost {
            guard let record = records.first(where: { $0.x509?.sha1.hex == sha1 }) else {
                throw MigrationError(
                    .planUnusable,
                    localized(
                        "The plan removes a certificate from \(TrustStores.phoneSAST) that does not belong to a token in the file."
                    ),
                    next: localized("Create the plan again: the same command with --plan FILE."))
            }
            // With a token that signs, it is a record that nobody named: the user is asked about it, or it is refused, with
            // all the others.
            guard signer != nil || plan.settings.drops(record) else {
                throw MigrationError(
                    .foreignRecords,
                    localized(
                        "The plan removes \(ForeignRecord(record).text) from the trust list. A saved plan does not decide that."
                    ), next: localized("If it is lost, say so: \(Shell.option("--drop", sha1))."))
            }
        }
    }

    /// Which way a lost token is replaced, and why; nil for other changes.
    func way(to offered: CandidateSigner) -> LocalizableText? {
        guard kind == .replaceToken, let present = survey.present else { return nil }
        let isKnown = present.records.contains { $0.role == .sast && $0.certificate == offered.certificate.der }
        if let signer {
            let name = tokens[signer].label
            if isKnown {
                return localized(
                    "\(name) signs the new file, because it remains: it is in the current file, so every phone that holds that accepts the new one, whatever its model."
                )
            }
            let start = localized(
                "No token of the current file remains, so \(name) signs, which no phone knows yet. Phones follow only where TVS vouches for it: those with Security by Default. The others (7940, 7960, Jabber) need a visit."
            )
            guard survey.version.hasTokenlessTrustList else {
                return localized("\(start) CUCM \(survey.version) has no utils ctl command, so there is no other way.")
            }
            return survey.clusterSigner().flatMap(CandidateSigner.init(record:)).map { other in
                let way = Change.forecast(for: other, survey: survey, tvs: .everywhere(.expectedToVouch))
                let ours = Change.forecast(for: offered, survey: survey, tvs: .everywhere(.expectedToVouch))
                let text = localized(
                    "\(start) The other way, without --with: the cluster signs the file itself (utils ctl update CTLFile), and \(way.entries.count - way.stranded.count) of \(way.entries.count) phones would follow, instead of \(ours.entries.count - ours.stranded.count)."
                )
                guard way.stranded.count < ours.stranded.count else { return text }
                return localized(
                    "\(text) Do that first; then the new tokens sign: etoken-bridge migrate to-etoken --cluster \(word: cluster) \(tokens.map { Shell.option("--token", $0.label) }.joined(separator: " "))"
                )
            } ?? start
        }
        let start = localized(
            "No token of the current file remains and no new one was specified, so the cluster signs the file itself (utils ctl update CTLFile)."
        )
        return isKnown
            ? localized(
                "\(start) Its certificate is in the current file: every phone that holds that accepts the new one, whatever its model."
            )
            : localized(
                "\(start) Its certificate is not in the current file: phones follow by their ITL file or TVS, those with Security by Default. The others (7940, 7960, Jabber) need a visit."
            )
    }
}

extension Change {
    /// Makes sure that a file that the cluster wrote itself names none of the tokens that were to leave it.
    func checkDropped(_ list: TrustListFile) throws {
        let dropped = (survey.present?.records ?? []).filter(plan.settings.drops)
        guard plan.steps.contains(where: { $0.id == .removeCertificates }),
            let left = dropped.first(where: { record in list.records.contains { $0.certificate == record.certificate } }
            )
        else { return }
        throw MigrationError(
            .readBackDiffers,
            localized("The CTL file that the publisher created still names the lost token \(left.tokenName)."),
            next: localized(
                "Check \(TrustStores.phoneSAST) on every node; CUCM includes what it contains: etoken-bridge trust list --cluster \(word: plan.cluster)"
            ))
    }
}
