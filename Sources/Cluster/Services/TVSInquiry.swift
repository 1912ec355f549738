import Basics
import Configuration
import Transfers
import TrustList
import X509

/// Queries about one certificate, sent to several TVS servers in parallel.
public struct TVSInquiry: Sendable {
    /// One question, as one message.
    public enum Question: Sendable, Hashable {
        /// VERIFY: is this certificate trusted?
        case verify(Certificate)
        /// QUERY_CERT: the certificate with these names and this serial number (big-endian magnitude).
        case query(subject: String, issuer: String, serialNumber: [UInt8])

        /// The message's name.
        public var message: String {
            switch self {
            case .verify: "VERIFY"
            case .query: "QUERY_CERT"
            }
        }
    }

    /// One server's reply to one question.
    public struct Reply: Sendable {
        public let server: String
        public let question: Question
        public let answer: Result<TVSAnswer, ClusterError>
    }

    public let questions: [Question]

    public init(questions: [Question]) { self.questions = questions }

    /// Everything that can be asked about a certificate: VERIFY, and QUERY_CERT with its names in both spellings used
    /// in trust lists, because TVS looks up certificates by the issuer's spelling.
    public init(certificate: Certificate) {
        let queries = [NameStyle.token, .cucm].map { style in
            Question.query(
                subject: certificate.subject.rendered(style), issuer: certificate.issuer.rendered(style),
                serialNumber: certificate.serialNumber)
        }
        questions = [.verify(certificate)] + queries
    }

    /// What a phone asks when it gets a trust list whose signer it does not know: the names in the file's header.
    public init(signerOf list: TrustListFile) {
        let header = list.header
        questions = [
            .query(subject: header.signerName, issuer: header.caName, serialNumber: header.serialNumber)
        ]
    }

    /// Asks every server every question.
    ///
    /// - Parameter wire: observes the responses; nil if nobody does.
    /// - Returns: by server, then by question, in the order given.
    public func ask(
        _ servers: [NodeConfiguration], deviceName: String = TVSClient.defaultDeviceName, wire: (any Wire)? = nil
    ) -> [Reply] {
        Concurrently.map(servers) { server in
            questions.map { question in
                Reply(
                    server: server.name, question: question,
                    answer: Result { () throws(ClusterError) in
                        let client = try TVSClient(server, wire: wire)
                        switch question {
                        case .verify(let certificate):
                            return try client.verify(certificate, deviceName: deviceName)
                        case .query(let subject, let issuer, let serialNumber):
                            return try client.queryCertificate(
                                subject: subject, issuer: issuer, serialNumber: serialNumber, deviceName: deviceName)
                        }
                    })
            }
        }.flatMap(\.self)
    }
}
