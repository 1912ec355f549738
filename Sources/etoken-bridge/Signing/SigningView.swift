import Basics
import Cluster
import Messages
import Migration
import Phones
import TrustList
import X509

/// What the user reads before a token signs a request. It is derived from the bytes that will be signed, not from what
/// the request says about them.
struct SigningView {
    let received: ReceivedRequest
    /// The plan that contains the request; nil for a list alone.
    var plan: ChangePlan?

    var text: String {
        let request = received.request
        let list = request.list.file
        var parts: [String] = []
        var head: [LocalizableText] = []
        if let plan {
            head.append(
                localized(
                    "Cluster \(plan.cluster), CUCM \(plan.world.version), \(plan.world.mode.name) mode: \(plan.kind.title)"
                ))
            head.append(localized("Change \(plan.id)"))
        }
        head += [
            localized(
                "Asked for by \(request.askedBy) at \(request.asked.shown), with etoken-bridge \(request.version)"),
            localized("SHA-256 of the request: \(received.sha256)"),
            localized("SHA-256 of what is signed: \(Digest.sha256(request.list.message).hex)"),
        ]
        parts.append(head.joined(separator: "\n").localized)
        let present = request.present.flatMap { bytes in
            (try? TrustListFile(decoding: bytes)).map { (bytes: bytes, list: $0) }
        }
        let header = list.header
        parts.append(
            [
                present.map {
                    localized(
                        "Current file: \($0.bytes.count) bytes, SHA-1 \(Digest.sha1($0.bytes).hex), signed by \($0.list.header.signerName)"
                    )
                } ?? localized("Current file: none"),
                localized(
                    "New file: \(header.fileName), \(list.length) bytes, of \(Timestamp(header.timestamp).shown), \(header.digest.name), RSA \(header.modulus.bits), signed by \(header.signerName)"
                ),
            ].joined(separator: "\n").localized)
        if let text = plan?.introductionText { parts.append(text.localized) }
        parts.append(CtlShow.table(of: list).text)
        if let present {
            let lines = CtlDiff.lines(from: present.list, to: list)
            let none = localized("No difference except for the time and the signature.").localized
            parts.append(
                localized("Differences from the current file:").localized + "\n"
                    + (lines.isEmpty ? none : lines.joined(separator: "\n")))
        }
        if let forecast = plan?.forecast { parts.append(Self.text(of: forecast)) }
        return parts.joined(separator: "\n\n")
    }

    private static func text(of forecast: StoredForecast) -> String {
        let (follow, needVisit) = (forecast.count(.accepted), forecast.count(.refused))
        let (phones, unknown) = (forecast.count, forecast.count(.unknown))
        let text = localized(
            "Phones: \(follow) of \(phones) follow, \(needVisit) need a visit, \(unknown) unknown.")
        return phones == 0 ? text.localized : text.localized + "\n" + ChangeRecord.table(of: forecast, after: nil)
    }
}
