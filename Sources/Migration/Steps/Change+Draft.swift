import Basics
import Messages
import Operations
import TrustList

extension Change {
    /// The records of a file that a token signs; nil if none does.
    func newRecords(of file: ChangeFile) -> NewRecords? {
        NewRecords(plan, certificates, survey, of: cluster, for: file)
    }

    /// A file that a token signs, as it would be built now.
    ///
    /// - Throws: ``MigrationError`` (`foreign-records`, `outdated-records`, `unproven`), or the error of a node.
    func draft(of file: ChangeFile) throws -> TrustListDraft {
        guard let new = newRecords(of: file) else {
            throw MigrationError(
                .planUnusable, localized("The plan names a token for signing that is not one of its tokens."),
                next: localized("Create the plan again: the same command with --plan FILE."))
        }
        let base = try baseFile(new.base)
        // What nobody named and the cluster does not know is refused here, too, whatever was agreed to before.
        try checkRecords(of: base)
        return try draft(of: file, new, from: base)
    }

    private func draft(of file: ChangeFile, _ new: NewRecords, from base: TrustListFile?) throws -> TrustListDraft {
        // It is newer than a file that introduced its signer, unless it was signed before that one was created. *Unconfirmed*:
        // that phones do not compare times (docs/proven.md).
        let follows = file == .new && answer == nil
        let introduction = try follows ? self.file(.introduction).map { try TrustListFile(decoding: $0) } : nil
        return TrustListDraft(
            timestamp: TrustListDraft.timestamp(
                replacing: (introduction ?? base)?.header, at: UInt32(clamping: plan.created.seconds)),
            digest: TrustListDraft.digest(replacing: base?.header), records: try new.records(from: base))
    }

    /// The file from which the server records come: the previous one, or the one that the cluster created for its new
    /// mode; nil if there is none.
    private func baseFile(_ base: PlannedStep.BaseFile) throws -> TrustListFile? {
        switch base {
        case .nothing: return nil
        case .before: return try survey.requirePresent().list
        case .served:
            guard let bytes = try settledFile().value else {
                throw MigrationError(
                    .inconsistentFiles,
                    localized("Not every node serves the CTL file that the publisher created for its new mode."),
                    next: localized("Check database replication, and run the command again."))
            }
            return try TrustListFile(decoding: bytes)
        }
    }

    // MARK: Signed elsewhere

    /// The file that the plan has a token sign.
    private var signedFile: ChangeFile { plan.tokenSigns ? .new : .introduction }

    /// What a token would sign if the change began now; nil if no token signs, or if that is not known beforehand.
    ///
    /// Records that nobody named, and those that are out of date, are not refused here: the user is asked about them,
    /// or they are refused, with the plan.
    func unsignedList() throws -> UnsignedTrustList? {
        guard plan.whyNotFixed == nil, let new = newRecords(of: signedFile),
            let signer = plan.signer.map({ certificates[$0] })
        else { return nil }
        return try draft(of: signedFile, new, from: baseFile(new.base)).unsigned(for: signer)
    }

    /// Makes sure that what was signed elsewhere is this plan's file, and the one that would be built now.
    ///
    /// - Throws: `AnswerError` (`answer-differs`); ``MigrationError`` (`world-changed`), or the error of a node.
    public func check(_ answer: VerifiedAnswer) throws {
        guard plan.request == answer.request else {
            throw AnswerError(.answerDiffers, localized("The answer is one to another plan than \(plan.id)."))
        }
        try plan.check(answer.request)
        try check(
            signed: answer.request.list,
            next: localized(
                "If --keep, --drop or --accept-unproven was used for the plan, specify it again. Otherwise check what changed, create the plan again, and have it signed again."
            ))
    }

    /// Makes sure once more that what was signed elsewhere is what would be built now, from what the nodes show now.
    /// Nothing to do if a token is there.
    ///
    /// - Throws: ``MigrationError`` (`world-changed`), or the error of a node.
    func checkSigned() throws {
        guard answer != nil, let request = plan.request else { return }
        survey.servers.forgetCertificates()
        let again = localized("Check what changed, create the plan again, and have it signed again.")
        let back = localized(
            "Check what changed. Roll back (etoken-bridge migrate rollback --cluster \(word: plan.cluster)), create the plan again, and have it signed again. Or restore what changed."
        )
        try check(signed: request.list, next: isCommitted ? back : again)
    }

    private func check(signed list: UnsignedTrustList, next: LocalizableText) throws {
        let now = try draft(of: signedFile)
        guard let signer = plan.signer.map({ certificates[$0] }), try now.unsigned(for: signer).bytes == list.bytes
        else {
            let lines = RecordChanges.lines(from: list.file.records, to: now.records)
            throw MigrationError(
                .worldChanged,
                lines.isEmpty
                    ? localized(
                        "The file that would be built for cluster \(plan.cluster) now is not the one that was signed.")
                    : localized(
                        "The file that would be built for cluster \(plan.cluster) now is not the one that was signed: \(lines.joined(separator: "; "))."
                    ),
                next: next)
        }
    }
}
