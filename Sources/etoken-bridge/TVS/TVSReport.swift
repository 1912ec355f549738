import Basics
import Cluster
import Configuration
import Messages
import TrustList
import X509

/// What TVS servers said about a certificate.
struct TVSReport: Encodable {
    struct Entry: Encodable {
        let node, message, verdict: String
        let issuer, serialNumber: String?
        let roles: [String]
        let timeToLive: UInt32?
        let certificateSHA1, subject: String?
        let error: ErrorDocument?
        /// Whether the certificate that the server returned is the intended one; nil if it returned none.
        let sameCertificate: Bool?
    }

    let vouches: Bool
    let replies: [Entry]
    private let failures: [(server: String, error: ClusterError)]
    private let doubters: [String]

    private enum CodingKeys: String, CodingKey { case vouches, replies }

    /// - Parameter wanted: the certificate that is asked about, if known.
    init(_ replies: [TVSInquiry.Reply], wanted: Certificate?) {
        self.replies = replies.map { Entry($0, wanted: wanted) }
        let servers = replies.reduce(into: [String]()) { if $0.last != $1.server { $0.append($1.server) } }
        failures = servers.compactMap { server in
            for reply in replies where reply.server == server {
                if case .failure(let error) = reply.answer { return (server, error) }
            }
            return nil
        }
        let failed = Set(failures.map(\.server))
        doubters = servers.filter { server in
            !failed.contains(server) && !Self.vouches(replies.filter { $0.server == server }, wanted: wanted)
        }
        vouches = failures.isEmpty && doubters.isEmpty && !replies.isEmpty
    }

    /// Whether a server vouches: in response to every kind of message that was sent; of several spellings one is enough.
    private static func vouches(_ replies: [TVSInquiry.Reply], wanted: Certificate?) -> Bool {
        Set(replies.map(\.question.message)).allSatisfy { message in
            replies.contains { reply in
                guard reply.question.message == message, case .success(let answer) = reply.answer else { return false }
                return answer.isValid && (answer.certificate == nil || wanted == nil || answer.certificate == wanted)
            }
        }
    }

    /// - Parameters:
    ///   - subject: what was asked about.
    ///   - upload: the arguments with which `trust upload` uploads it.
    func check(subject: String, upload: String, cluster: String) throws {
        if let failure = failures.first {
            let cause = Failure(describing: failure.error)
            let answered = Set(replies.map(\.node)).count > failures.count
            throw Failure(
                // A server with the wrong key is the most serious problem here.
                cause.status == Status.notTrusted || !answered ? cause.status : Status.partlyDone, cause.what,
                code: cause.code, next: cause.next, causes: cause.causes)
        }
        guard doubters.isEmpty else {
            throw Failure(
                Status.verificationFailed,
                localized("TVS on \(doubters.joined(separator: ", ")) does not vouch for \(subject)."),
                code: "not-vouched",
                next:
                    localized(
                        "Upload it, restart the service, and ask again: etoken-bridge trust upload --cluster \(word: cluster) \(upload) && etoken-bridge cluster restart-services --cluster \(word: cluster) --service tvs"
                    ))
        }
    }

    var text: String {
        var lines: [String] = []
        for (index, entry) in replies.enumerated() {
            if index == 0 || replies[index - 1].node != entry.node { lines.append(entry.node.visible) }
            let question = entry.issuer.map {
                localized("\(entry.message) issuer \($0), serial \(entry.colonSerialNumber)").localized
            }
            lines.append("  \(question ?? entry.message)")
            lines.append("    \(entry.sentence)")
        }
        return lines.joined(separator: "\n")
    }
}

extension TVSReport.Entry {
    init(_ reply: TVSInquiry.Reply, wanted: Certificate?) {
        node = reply.server
        message = reply.question.message
        if case .query(_, let issuer, let serialNumber) = reply.question {
            self.issuer = issuer
            self.serialNumber = serialNumber.hex
        } else {
            (issuer, serialNumber) = (nil, nil)
        }
        switch reply.answer {
        case .success(let answer):
            verdict = answer.isValid ? "valid" : "invalid"
            roles = answer.roles.map { $0.name }
            timeToLive = answer.timeToLive
            certificateSHA1 = answer.certificate?.sha1.hex
            subject = answer.certificate?.subject.rendered(.cucm)
            sameCertificate = answer.certificate.flatMap { given in wanted.map { $0 == given } }
            error = nil
        case .failure(let failure):
            verdict = "no-answer"
            roles = []
            (timeToLive, certificateSHA1, subject, sameCertificate) = (nil, nil, nil, nil)
            error = ErrorDocument(failure)
        }
    }

    /// `83:E9:08`, as in all texts.
    fileprivate var colonSerialNumber: String { (serialNumber.flatMap { [UInt8](hexNumber: $0) } ?? []).colonHex }

    fileprivate var sentence: String {
        switch verdict {
        case "valid":
            let roles = roles.map { $0 == Role.sast.name ? Role.sast.text : $0 }
            var text = localized("valid, roles: \(roles.isEmpty ? "-" : roles.joined(separator: ", "))").localized
            if let timeToLive { text += localized("; for \(timeToLive) s").localized }
            if let certificateSHA1 {
                text += "\n    " + localized("returns \(subject ?? ""), SHA-1 \(certificateSHA1)").localized
            }
            if sameCertificate == false { text += "\n    " + localized("THIS IS A DIFFERENT CERTIFICATE").localized }
            return text
        case "invalid": return localized("not known, or not trusted").localized
        default: return error?.text.localized ?? verdict
        }
    }
}
