import Basics
import FlyingFox
import FoundationEssentials

/// A request as seen by the lab's pages.
struct WebRequest: Sendable {
    var method: String
    /// Percent-encoded, without the query.
    var path: String
    var queryItems: [(name: String, value: String)]
    /// Names in lower case.
    var headers: [String: String]
    var body: [UInt8]

    func query(_ name: String) -> String? { queryItems.first { $0.name == name }?.value }
    func header(_ name: String) -> String? { headers[name.lowercased()] }

    func cookie(_ name: String) -> String? {
        for part in header("Cookie")?.split(separator: ";") ?? [] {
            let pair = part.drop { $0 == " " }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2, pair[0] == name { return String(pair[1]) }
        }
        return nil
    }

    /// The fields of an `application/x-www-form-urlencoded` body.
    var formFields: [(name: String, value: String)] {
        guard header("Content-Type")?.lowercased().hasPrefix("application/x-www-form-urlencoded") == true else {
            return []
        }
        return Self.decodeForm(body)
    }

    static func decodeForm(_ bytes: [UInt8]) -> [(name: String, value: String)] {
        bytes.split(separator: UInt8(ascii: "&")).map { field in
            let parts = field.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return (Percent.decodeForm(parts[0]), parts.count > 1 ? Percent.decodeForm(parts[1]) : "")
        }
    }

    /// User and password of HTTP Basic authentication (RFC 7617).
    var basicCredentials: (user: String, password: [UInt8])? {
        guard let value = header("Authorization"), value.lowercased().hasPrefix("basic "),
            let bytes = [UInt8](base64: String(value.dropFirst(6)))
        else { return nil }
        let parts = bytes.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        return (String(decoding: parts[0], as: UTF8.self), Array(parts[1]))
    }
}

/// A response of the lab's pages.
struct WebResponse: Sendable {
    var status: Int
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    static func html(_ text: String, status: Int = 200) -> WebResponse {
        WebResponse(status: status, headers: [("Content-Type", "text/html;charset=UTF-8")], body: Array(text.utf8))
    }

    static func xml(_ text: String, status: Int = 200) -> WebResponse {
        WebResponse(status: status, headers: [("Content-Type", "text/xml;charset=UTF-8")], body: Array(text.utf8))
    }

    static func json(_ value: some Encodable, status: Int = 200) -> WebResponse {
        WebResponse(
            status: status, headers: [("Content-Type", "application/json;charset=UTF-8")],
            body: JSON.encode(value, compact: true))
    }

    static func status(_ status: Int) -> WebResponse {
        html("<html><body>HTTP Status \(status)</body></html>", status: status)
    }

    static func redirect(_ location: String) -> WebResponse {
        WebResponse(status: 302, headers: [("Location", location)], body: [])
    }

    func with(_ name: String, _ value: String) -> WebResponse {
        var copy = self
        copy.headers.append((name, value))
        return copy
    }
}

extension WebRequest {
    init(_ request: HTTPRequest) async throws {
        method = request.method.rawValue
        path = request.path
        queryItems = request.query.map { ($0.name, $0.value) }
        headers = [:]
        for (name, value) in request.headers { headers[name.rawValue.lowercased()] = value }
        body = Array(try await request.bodyData)
    }
}

extension WebResponse {
    var flyingFox: HTTPResponse {
        var list = HTTPHeaders()
        for header in headers { list.addValue(header.value, for: HTTPHeader(header.name)) }
        return HTTPResponse(
            statusCode: HTTPStatusCode(status, phrase: Self.phrase(status)), headers: list, body: Data(body))
    }

    private static func phrase(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 302: "Found"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 413: "Payload Too Large"
        case 415: "Unsupported Media Type"
        case 500: "Internal Server Error"
        default: "Status"
        }
    }
}
