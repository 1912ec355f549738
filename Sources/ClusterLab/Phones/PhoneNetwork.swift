import Messages
import Transfers
import TrustList
import X509

/// What a phone does on the network: fetch files, ask TVS.
struct PhoneNetwork: Sendable {
    enum Fetched: Sendable {
        case found(name: String, bytes: [UInt8])
        case absent(names: [String])
        /// This server does not answer.
        case unreachable(String)
    }

    let phone: LabPlan.Phone
    let lab: LabPlan

    /// Seconds for one file or one query.
    private static let patience = 2.0

    /// The first of these files that the server has.
    ///
    /// - Parameter observe: called with the name of each requested file.
    func fetch(_ names: [String], from node: LabPlan.Node, observe: (String) -> Void = { _ in }) -> Fetched {
        for name in names {
            observe(name)
            do {
                if let bytes = try fetch(name, node) { return .found(name: name, bytes: bytes) }
            } catch {
                return .unreachable("\(error)")
            }
        }
        return .absent(names: names)
    }

    private func fetch(_ name: String, _ node: LabPlan.Node) throws(TransferError) -> [UInt8]? {
        if phone.model.fetchesOverHTTP {
            var request = HTTPRequest.get("http://\(node.address):\(node.httpPort)/\(name)")
            request.timeout = Self.patience
            let response = try HTTPSession().send(request)
            switch response.status {
            case 200: return response.body
            case 404: return nil
            default:
                throw TransferError(
                    code: .protocolError, operation: .verbatim("GET"), location: .verbatim(request.url),
                    message: .verbatim("status \(response.status)"))
            }
        }
        do {
            return try TFTPClient.read(name, host: node.address, port: node.tftpPort, timeout: Self.patience)
        } catch  where error.code == .notFound {
            return nil
        }
    }

    /// QUERY_CERT for the signer of a file, as named in the file's header.
    func askTVS(_ server: Record, _ header: Header) -> PhoneJudge.TVSAnswer {
        guard let certificate = server.x509, let address = server.ipAddress, address.count == 4 else {
            return .unreachable("the TVS record of the ITL file cannot be used")
        }
        let host = address.map(String.init).joined(separator: ".")
        // The port is 2445 on a real node; in the lab it comes from the phone's settings.
        guard let port = lab.nodes.first(where: { $0.address == host })?.tvsPort else {
            return .unreachable("\(host) has no TVS")
        }
        do {
            // The server must be the one whose certificate the ITL file lists.
            let stream = try TLSStream(
                host: host, port: port,
                tls: TLSOptions(
                    trust: .pinned(publicKey: certificate.publicKey.pin), legacyTLS: phone.model.hasOldTLS),
                timeout: Self.patience)
            defer { stream.close() }
            let request = TVSMessage(
                .queryRequest, session: .random(in: .min ... .max),
                elements: [
                    (TVSMessage.Tag.deviceName, [1] + Array("\(phone.model.rawValue)-\(phone.name)".utf8)),
                    (TVSMessage.Tag.subjectName, Array(header.signerName.utf8) + [0]),
                    (TVSMessage.Tag.issuerName, Array(header.caName.utf8) + [0]),
                    (TVSMessage.Tag.serialNumber, header.serialNumber),
                ])
            try stream.send(request.encoded, timeout: Self.patience)
            let head = try stream.receive(exactly: TVSMessage.headLength, timeout: Self.patience)
            guard let length = TVSMessage.bodyLength(head) else { return .unreachable("\(host) gives no TVS answer") }
            let body = try stream.receive(exactly: length, timeout: Self.patience)
            return answer(TVSMessage(head: head, body: body), to: request, header: header, host: host)
        } catch {
            return .unreachable("\(error)")
        }
    }

    private func answer(
        _ response: TVSMessage?, to request: TVSMessage, header: Header, host: String
    ) -> PhoneJudge.TVSAnswer {
        guard let response, response.command == .queryResponse, response.session == request.session,
            let status = response.value(TVSMessage.Tag.status), status.count == 1
        else { return .unreachable("\(host) gives no TVS answer") }
        guard status[0] == 0 else { return .unknown }
        guard let der = response.value(TVSMessage.Tag.certificate), let certificate = try? Certificate(der: der),
            certificate.serialNumber == Array(header.serialNumber.drop { $0 == 0 }),
            let roles = response.value(TVSMessage.Tag.roles)
        else { return .unreachable("\(host) answers with another certificate") }
        return .valid(certificate: der, roles: roles)
    }
}
