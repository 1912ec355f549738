import Basics
import Cluster
import Messages
import TrustList
import X509

/// A plan as it is in a file. The person who signs it elsewhere and the person who runs it with that signature both refer to
/// exactly this file.
public struct SavedPlan: Sendable {
    public let plan: ChangePlan
    /// The file's bytes.
    private let bytes: [UInt8]

    /// - Throws: `FileError`; ``MigrationError`` (`plan-unusable`) if the file is something else.
    public init(reading path: String) throws {
        bytes = try Files.read(path)
        do { plan = try JSON.decode(ChangePlan.self, from: bytes) } catch {
            throw MigrationError(
                .planUnusable,
                localized("\(path) is not a plan that this version can run: \(DecodingFailure.text(error))."),
                next: localized("Create the plan again: the same command with --plan FILE."))
        }
    }

    /// What a token elsewhere is asked to sign.
    ///
    /// - Throws: ``MigrationError``: `not-signable` if the plan does not fix it; `plan-unusable` if what would be signed is
    ///   not what the rest of the plan says.
    public func request() throws(MigrationError) -> ReceivedRequest {
        guard let request = plan.request else {
            throw MigrationError(
                .notSignable,
                plan.whyNotFixed.map { localized("The plan cannot be signed on another machine: \($0).") }
                    ?? localized("The plan contains no file to be signed: an earlier version saved it."),
                next: localized("Run it where the token is, or create it again: the same command with --plan FILE."))
        }
        try plan.check(request)
        return ReceivedRequest(request, in: bytes)
    }
}

extension ChangePlan {
    /// Why the plan does not fix the file that a token signs, as part of a sentence; nil if it does.
    public var whyNotFixed: LocalizableText? {
        let file: ChangeFile = tokenSigns ? .new : .introduction
        guard let (_, base, _, _) = signing(of: file) else { return localized("no token signs in it") }
        if base == .served {
            return localized(
                "the publisher first creates a file for the new mode, from which the servers' records come")
        }
        return nil
    }

    /// Which of the two files that phones take a token signs, a sentence; nil if they take one.
    public var introductionText: LocalizableText? {
        guard let step = steps.first(where: \.introduces) else { return nil }
        guard tokenSigns else {
            return localized(
                "Phones get this file first. It names the cluster's own signer, which signs the next one.")
        }
        return localized(
            "Before this file, phones get one that the cluster creates and that names the tokens (\(step.parameters.command ?? ""))."
        )
    }

    /// Makes sure that what would be signed is what the rest of the plan says.
    ///
    /// - Throws: ``MigrationError`` (`plan-unusable`).
    func check(_ request: SigningRequest) throws(MigrationError) {
        func unusable(_ why: LocalizableText) -> MigrationError {
            MigrationError(
                .planUnusable,
                localized("The file that the plan wants signed is not the one that it describes: \(why)."),
                next: localized("Find out who changed the plan. Create it again: the same command with --plan FILE."))
        }
        let list = request.list.file
        guard whyNotFixed == nil, let signer else { throw unusable(localized("it has no file to be signed")) }
        let records = list.records.filter { $0.role == .sast }.compactMap(\.certificate)
        for (index, token) in tokens.enumerated() {
            let certificate = try token.certificate()
            guard index != signer || certificate == request.list.signer else {
                throw unusable(localized("token \(token.label) would not sign it"))
            }
            guard records.contains(certificate.der) else {
                throw unusable(localized("token \(token.label) is not in it"))
            }
        }
        guard request.present.map({ Digest.sha256($0).hex }) == world.ctl else {
            throw unusable(localized("the current file in it is another one than the plan's"))
        }
        guard list.header.fileName == TrustListKind.ctl.fileName, !list.isITL else {
            throw unusable(localized("its name inside is \(list.header.fileName)"))
        }
    }
}

extension PlannedChange {
    /// The plan as it is saved: with the file that a token signs, if the plan fixes it, and with what phones will do.
    ///
    /// - Throws: the error of a node, or what prevents the file from being created.
    public func saved(by author: RunAuthor) throws -> ChangePlan {
        var plan = change.plan
        guard let list = try change.unsignedList() else { return plan }
        plan.request = SigningRequest(
            list, replacing: change.survey.presentBytes, askedBy: author.who, at: .now, version: author.version)
        plan.forecast = StoredForecast(change.forecast)
        return plan
    }
}
