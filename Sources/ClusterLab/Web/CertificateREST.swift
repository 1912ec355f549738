import Basics
import FoundationEssentials
import X509

/// The certificate interface of the newer releases, on every node. Source: docs/lab.md.
struct CertificateREST: Sendable {
    let cluster: LabCluster
    let node: NodeRuntime

    static let root = "/platformcom/api/v1/certmgr/config"

    /// A refusal, with its HTTP status.
    private struct Refusal: Error {
        let status: Int
        let message: String
        var headers: [(name: String, value: String)] = []
    }

    private static let maximumCertificates = 100

    func answer(_ request: WebRequest) -> WebResponse {
        do {
            guard let given = request.basicCredentials,
                cluster.accepts(.platform, user: given.user, password: given.password, at: node)
            else {
                throw Refusal(
                    status: 401, message: "Authentication failed",
                    headers: [("WWW-Authenticate", "Basic realm=\"Cisco Unified Operating System Administration\"")])
            }
            return try answer(request, String(request.path.dropFirst(Self.root.count)))
        } catch let refusal as Refusal {
            let response: WebResponse =
                cluster.plan.has(.restMessages)
                ? .json(Messages(messages: [refusal.message]), status: refusal.status)
                : .json(Message(statusCode: refusal.status, message: refusal.message), status: refusal.status)
            return refusal.headers.reduce(response) { $0.with($1.name, $1.value) }
        } catch {
            Log.note("\(node.plan.name): \(error)")
            return .json(Message(statusCode: 500, message: "Internal error"), status: 500)
        }
    }

    private func answer(_ request: WebRequest, _ path: String) throws -> WebResponse {
        switch (path, request.method) {
        case ("/trust/certificates", "POST"): return try upload(request)
        case ("/trust/certificates", "DELETE"): return try delete(request)
        case ("/trust/certificate", "GET"):
            let units = try services(request).map { try unit($0) }
            return list(CertificateEntry.trusted(cluster, node).filter { units.contains($0.unit) })
        case ("/identity/certificates", "GET"):
            let own = CertificateEntry.own(cluster, node)
            let purposes = try services(request)
            for purpose in purposes where !own.contains(where: { $0.unit == purpose }) {
                throw Refusal(status: 400, message: "Invalid service: \(purpose)")
            }
            return list(own.filter { purposes.contains($0.unit) })
        case ("/trust/certificates", _): throw Self.notAllowed("POST, DELETE")
        case ("/trust/certificate", _), ("/identity/certificates", _): throw Self.notAllowed("GET")
        default: throw Refusal(status: 404, message: "There is no resource \(request.path)")
        }
    }

    private func list(_ entries: [CertificateEntry]) -> WebResponse {
        guard cluster.plan.has(.restWrapped) else { return .json(entries.map(Entry.init)) }
        return .json(Wrapped(certificates: entries.map { .init(certificate: $0.certificate.pem) }))
    }

    private static func notAllowed(_ methods: String) -> Refusal {
        Refusal(status: 405, message: "Method not allowed", headers: [("Allow", methods)])
    }

    // MARK: Trust certificates

    /// All of them, or none.
    private func upload(_ request: WebRequest) throws -> WebResponse {
        let type = request.header("Content-Type")?.split(separator: ";").first.map { $0.lowercased() }
        guard type == "application/json" else {
            throw Refusal(status: 415, message: "The content type must be application/json")
        }
        guard let body = try? JSONDecoder().decode(Upload.self, from: Data(request.body)) else {
            throw Refusal(status: 400, message: "The request body is malformed: service and certificates must be lists")
        }
        guard !body.service.isEmpty, !body.certificates.isEmpty, body.certificates.count <= Self.maximumCertificates
        else { throw Refusal(status: 400, message: "At least one service and one certificate is required") }
        let units = try body.service.map { try unit($0) }
        var certificates: [Certificate] = []
        for text in body.certificates {
            guard text.contains("-----BEGIN CERTIFICATE-----") else {
                throw Refusal(status: 400, message: "Error: unable to read the certificate; it is not in PEM format")
            }
            do throws(CertificateImport.Refusal) {
                certificates.append(try CertificateImport.read(Array(text.utf8)))
            } catch {
                throw Refusal(status: 400, message: error.text)
            }
        }
        guard !node.has(.diskFull) else {
            throw Refusal(status: 500, message: "The certificate could not be stored: there is not enough disk space")
        }
        var stored: [Upload.Stored] = []
        for unit in units {
            for certificate in certificates {
                let (entry, _) = try cluster.trustStore.add(certificate, unit: unit)
                stored.append(Upload.Stored(service: unit, name: entry.file))
            }
        }
        Log.note("\(node.plan.name): \(stored.count) certificates uploaded over REST")
        return .json(
            Upload.Answer(statusCode: 201, message: "Certificate(s) uploaded successfully", certificates: stored),
            status: cluster.plan.has(.restMessages) ? 200 : 201)
    }

    private func delete(_ request: WebRequest) throws -> WebResponse {
        let names = request.queryItems.filter { $0.name == "name" }.map(\.value)
        let units = try services(request)
        guard units.count == 1, names.count == 1 else {
            throw Refusal(status: 400, message: "Exactly one service and one name is required")
        }
        let unit = try unit(units[0])
        guard try cluster.removeTrust(unit: unit, file: names[0], at: node) else {
            throw Refusal(status: 404, message: "There is no certificate \(unit)/\(names[0])")
        }
        Log.note("\(node.plan.name): certificate \(unit)/\(names[0]) deleted over REST")
        return .json(Message(statusCode: 200, message: "Certificate deleted successfully"))
    }

    // MARK: Services

    private func services(_ request: WebRequest) throws(Refusal) -> [String] {
        let names = request.queryItems.filter { $0.name == "service" }.map(\.value)
        guard !names.isEmpty else { throw Refusal(status: 400, message: "The parameter service is missing") }
        return names
    }

    /// A trust store by its name, with or without `-trust`.
    private func unit(_ service: String) throws(Refusal) -> String {
        let names = cluster.plan.has(.restPlainNames) ? [service + "-trust"] : [service, service + "-trust"]
        guard let unit = names.first(where: TrustStore.units.contains),
            unit != "Phone-SAST-trust" || !node.has(.restRefusal)
        else { throw Refusal(status: 400, message: "Invalid service: \(service)") }
        return unit
    }

    // MARK: Documents

    private struct Message: Encodable {
        let statusCode: Int
        let message: String
    }

    private struct Messages: Encodable { let messages: [String] }

    private struct Wrapped: Encodable {
        struct Item: Encodable { let certificate: String }
        let certificates: [Item]
    }

    private struct Upload: Decodable {
        struct Stored: Encodable {
            let service: String
            let name: String
        }

        struct Answer: Encodable {
            let statusCode: Int
            let message: String
            let certificates: [Stored]
        }

        let service: [String]
        let certificates: [String]
        let description: String?
    }

    private struct Entry: Encodable {
        let service: String
        let name: String
        let commonName: String
        let certificate: String
        let expires: String

        init(_ entry: CertificateEntry) {
            service = entry.unit
            name = entry.file
            commonName = entry.certificate.subject.value(of: "CN") ?? ""
            certificate = entry.certificate.pem
            expires = Timestamp(entry.certificate.notAfter).description
        }
    }
}
