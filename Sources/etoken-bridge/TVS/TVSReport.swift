import Certificates
import Cluster
import Messages
import TrustList

/// What TVS servers said of a certificate.
struct TVSReport: Encodable {
    struct Entry: Encodable {
        let server, message, verdict: String
        let issuer, serialNumber: String?
        let roles: [String]
        let timeToLive: UInt32?
        let certificateSHA1, subject, error: String?
        /// Whether the certificate that the server gave is the one that was meant; nil where it gave none.
        let sameCertificate: Bool?
    }

    let vouched: Bool
    let replies: [Entry]
    private let failures: [(server: String, error: ClusterError)]
    private let doubters: [String]

    private enum CodingKeys: String, CodingKey { case vouched, replies }

    /// - Parameter wanted: the certificate that is asked about, where it is known.
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
        vouched = failures.isEmpty && doubters.isEmpty && !replies.isEmpty
    }

    /// Whether a server vouches: by every message that was sent; of several spellings one is enough.
    private static func vouches(_ replies: [TVSInquiry.Reply], wanted: Certificate?) -> Bool {
        Set(replies.map(\.question.message)).allSatisfy { message in
            replies.contains { reply in
                guard reply.question.message == message, case .success(let answer) = reply.answer else { return false }
                return answer.isValid && (answer.certificate == nil || wanted == nil || answer.certificate == wanted)
            }
        }
    }

    func check() throws {
        if let failure = failures.first {
            let cause = Failure(describing: failure.error)
            let answered = Set(replies.map(\.server)).count > failures.count
            throw Failure(
                // A server that is not the one it should be is the gravest thing here.
                cause.status == Status.notTrusted || !answered ? cause.status : Status.partlyDone, cause.what,
                next: cause.next, causes: cause.causes)
        }
        guard doubters.isEmpty else {
            throw Failure(
                Status.verificationFailed,
                localized("TVS on \(doubters.joined(separator: ", ")) does not vouch for it."),
                next:
                    localized(
                        "Upload the certificate as Phone-SAST-trust, restart the Trust Verification Service, and ask again."
                    )
            )
        }
    }

    var text: String {
        var lines: [String] = []
        for (index, entry) in replies.enumerated() {
            if index == 0 || replies[index - 1].server != entry.server { lines.append(entry.server) }
            let question = entry.issuer.map {
                localized("\(entry.message) issuer \($0), serial \(entry.serialNumber ?? "-")")
            }
            lines.append("  \(question ?? entry.message)")
            lines.append("    \(entry.sentence)")
        }
        return lines.joined(separator: "\n")
    }
}

extension TVSReport.Entry {
    init(_ reply: TVSInquiry.Reply, wanted: Certificate?) {
        server = reply.server
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
            error = failure.description
        }
    }

    fileprivate var sentence: String {
        switch verdict {
        case "valid":
            var text = localized("valid, roles: \(roles.isEmpty ? "-" : roles.joined(separator: ", "))")
            if let timeToLive { text += localized("; for \(timeToLive) s") }
            if let certificateSHA1 { text += "\n    " + localized("gives \(subject ?? ""), SHA-1 \(certificateSHA1)") }
            if sameCertificate == false { text += "\n    " + localized("THIS IS ANOTHER CERTIFICATE") }
            return text
        case "invalid": return localized("not known, or not trusted")
        default: return error ?? verdict
        }
    }
}
