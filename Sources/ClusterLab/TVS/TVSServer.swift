import Glibc

/// Answers phones that ask whether to trust a certificate. nginx handles TLS in front of it.
struct TVSServer: Sendable {
    let cache: TVSCache
    /// Its trace of requests over the network.
    var trace: TVSTrace?

    private static let idleSeconds = 30

    /// Serves one connection until the peer closes it, is silent, or sends something malformed.
    func serve(_ connection: Int32) {
        Sockets.setTimeout(connection, seconds: Self.idleSeconds)
        while let head = Sockets.receive(connection, exactly: TVSMessage.headLength) {
            guard let length = TVSMessage.bodyLength(head) else {
                Log.note("TVS: a message with a wrong head; the connection is closed")
                return
            }
            guard let body = length == 0 ? [] : Sockets.receive(connection, exactly: length),
                let request = TVSMessage(head: head, body: body), let response = answer(request)
            else {
                Log.note("TVS: a malformed request; the connection is closed")
                return
            }
            guard Sockets.send(connection, response.encoded) else { return }
        }
    }

    /// The response to a request; nil if it is invalid or incomplete.
    func answer(_ request: TVSMessage) -> TVSMessage? {
        guard let device = request.value(TVSMessage.Tag.deviceName), device.first == 1, device.count > 1 else {
            return nil
        }
        let name = String(decoding: device.dropFirst(), as: UTF8.self)
        switch request.command {
        case .queryRequest:
            guard let issuer = request.name(TVSMessage.Tag.issuerName),
                let subject = request.name(TVSMessage.Tag.subjectName),
                let serial = request.value(TVSMessage.Tag.serialNumber), !serial.isEmpty
            else { return nil }
            let (inStore, inCTL) = cache.entries(issuer: issuer, serialNumber: serial)
            trace?.query(subject: subject, issuer: issuer, serialNumber: serial, inStore: inStore, inCTL: inCTL)
            let entry = entry(issuer: issuer, serialNumber: serial, for: name)
            return response(.queryResponse, request, entry, withCertificate: true)
        case .verifyRequest:
            guard let certificate = request.value(TVSMessage.Tag.certificate) else { return nil }
            let entry = cache.entry(certificate: certificate)
            Log.note("TVS: \(name) asks to verify a certificate: \(entry.map { "roles \($0.roles)" } ?? "unknown")")
            return response(.verifyResponse, request, entry, withCertificate: false)
        case .queryResponse, .verifyResponse:
            return nil
        }
    }

    /// What it knows for an issuer and a serial number.
    func entry(issuer: String, serialNumber: [UInt8], for device: String) -> TVSCache.Entry? {
        let entry = cache.entry(issuer: issuer, serialNumber: serialNumber)
        Log.note(
            "TVS: \(device) asks for a certificate of \(issuer): \(entry.map { "roles \($0.roles)" } ?? "unknown")")
        return entry
    }

    private func response(
        _ command: TVSMessage.Command, _ request: TVSMessage, _ entry: TVSCache.Entry?, withCertificate: Bool
    ) -> TVSMessage {
        guard let entry else {
            return TVSMessage(command, session: request.session, elements: [(TVSMessage.Tag.status, [1])])
        }
        var elements: [(tag: UInt8, value: [UInt8])] = [(TVSMessage.Tag.status, [0])]
        if withCertificate { elements.append((TVSMessage.Tag.certificate, entry.certificate)) }
        elements.append((TVSMessage.Tag.roles, entry.roles))
        elements.append((TVSMessage.Tag.timeToLive, TVSMessage.bytes(TVSCache.timeToLive)))
        return TVSMessage(command, session: request.session, elements: elements)
    }
}
