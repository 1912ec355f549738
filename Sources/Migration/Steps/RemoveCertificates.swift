import Basics
import Cluster
import Configuration
import Messages
import Operations
import Phones
import TrustList
import X509

/// Makes TVS stop vouching for tokens that are lost.
final class RemoveCertificates: ChangeStep, Step {
    let id = StepID.removeCertificates
    var title: LocalizableText { localized("Remove the lost tokens' certificates from \(store)") }
    let effect = StepEffect.cluster
    private let store: String
    private let certificates: [String]

    /// - Parameter certificates: their SHA-1; the file from before the change has them.
    init(_ change: Change, _ certificates: [String], from store: String) {
        self.certificates = certificates
        self.store = store
        super.init(change)
    }

    private struct Lost {
        let name: String
        let certificate: Certificate
        let record: Record
        var sha256: String { Digest.sha256(certificate.der).hex }
    }

    /// One that stays in the file after all keeps its certificate here, too.
    private var lost: [Lost] {
        (survey.present?.records ?? []).compactMap { record in
            guard change.plan.settings.drops(record), let certificate = record.x509,
                certificates.contains(certificate.sha1.hex)
            else { return nil }
            return Lost(name: record.tokenName, certificate: certificate, record: record)
        }
    }

    private func there() throws -> [Lost] {
        let present = try cluster.certificates(in: store)
        return lost.filter { token in present.contains { $0.isSame(as: token.certificate) } }
    }

    func check() throws -> StepState {
        let there = try there()
        if there.isEmpty, !change.known.begun.contains(id), !survey.version.deletesTrustOnOneNode {
            return .done(localized("\(store) contains none of \(lost.map(\.name).list)"))
        }
        return .pending(
            there.isEmpty
                ? localized("make sure that no node has \(lost.map(\.name).list) in \(store)")
                : localized("remove \(there.map(\.name).list) from \(store), and read it back"))
    }

    func act(_ context: RunContext) throws {
        let there = Set(try there().map(\.sha256))
        for token in lost {
            // Before, not after: what a crash left undone can still be undone.
            if there.contains(token.sha256) { try change.record(.removing(certificate: token.sha256)) }
            // Before 11.0 another node may have it although the publisher has not.
            if there.contains(token.sha256) || survey.version.deletesTrustOnOneNode {
                try cluster.remove(token.certificate, from: store)
            }
        }
        // *Unconfirmed*: whether TVS ever keeps what has left the store (docs/proven.md). A restart is no loss.
        guard isFileGone else { return }
        let vouching = Set(try answers().filter { $0.reply.answer.knows($0.lost.certificate) }.map(\.reply.server))
        for server in vouching.sorted() {
            try cluster.restart(service: ClusterService.trustVerification, on: server)
        }
    }

    /// Whether the new file is on the nodes. Before that TVS vouches for the lost tokens by the file, too.
    private var isFileGone: Bool { change.plan.commitStep.map(change.known.done.contains) == true }

    private func answers() throws -> [(lost: Lost, reply: TVSReply)] {
        lost.flatMap { token -> [(lost: Lost, reply: TVSReply)] in
            guard let signer = CandidateSigner(record: token.record) else { return [] }
            return change.askTVS(about: signer).map { (token, $0) }
        }
    }

    func prove() throws -> [LocalizableText] {
        if let left = try there().first {
            throw MigrationError(
                .readBackDiffers, localized("\(store) still contains the certificate of \(left.name)."),
                next: localized("Look at Security > Certificate Management in OS Administration of the publisher."))
        }
        var seen = [localized("read back: \(store) does not contain \(lost.map(\.name).list)")]
        guard isFileGone else { return seen }
        for (token, reply) in try answers() {
            if case .unreachable(let why) = reply.answer {
                seen.append(localized("TVS on \(reply.server) could not be asked about \(token.name): \(why)"))
                continue
            }
            guard !reply.answer.knows(token.certificate) else {
                throw MigrationError(
                    .readBackDiffers,
                    localized("TVS on \(reply.server) still vouches for the lost token \(token.name)."),
                    next: localized(
                        "Check that \(reply.server) has it neither in \(store) nor in its CTLFile.tlv, restart Cisco Trust Verification Service there, and run: etoken-bridge migrate resume --cluster \(word: change.plan.cluster)"
                    ))
            }
            seen.append(localized("TVS on \(reply.server) does not vouch for \(token.name) any more"))
        }
        return seen
    }

    let isUndoable = true

    /// What left the store because of this change.
    private func removed() throws -> [Lost] {
        let present = try cluster.certificates(in: store)
        let removed = Set(change.known.removed)
        return lost.filter { token in
            removed.contains(token.sha256) && !present.contains { $0.isSame(as: token.certificate) }
        }
    }

    func plannedUndo() throws -> [LocalizableText] {
        try removed().map { localized("upload the certificate of \($0.name) to \(store) again") }
    }

    func undo() throws -> [LocalizableText] {
        try removed().map { token in
            try cluster.upload(token.certificate, to: store)
            return localized("uploaded the certificate of \(token.name) to \(store) again")
        }
    }
}

extension TVSStatement {
    /// Whether it vouches for this certificate as SAST, which is what a phone needs.
    fileprivate func knows(_ certificate: Certificate) -> Bool {
        if case .vouches(certificate.der, let roles) = self { roles.contains(.sast) } else { false }
    }
}
