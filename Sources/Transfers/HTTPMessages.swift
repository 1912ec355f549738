/// A header line of a request or a response.
public struct HTTPHeader: Sendable, Hashable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// User name and password for HTTP Basic authentication (RFC 7617).
public struct BasicCredentials: Sendable, CustomStringConvertible {
    public var user: String
    /// UTF-8, without a trailing NUL.
    public var password: [UInt8]

    public init(user: String, password: [UInt8]) {
        self.user = user
        self.password = password
    }

    /// The user name; never the password.
    public var description: String { user }
}

/// A part of a multipart/form-data body (RFC 7578): a plain field, or a file.
public struct MultipartPart: Sendable, Hashable {
    public var name: String
    public var content: [UInt8]
    /// The file name that the part states; nil for a plain field.
    public var fileName: String?
    public var contentType: String?

    public static func field(_ name: String, _ value: String) -> MultipartPart {
        MultipartPart(name: name, content: Array(value.utf8), fileName: nil, contentType: nil)
    }

    public static func file(
        _ name: String, fileName: String, contentType: String = "application/octet-stream", content: [UInt8]
    ) -> MultipartPart {
        MultipartPart(name: name, content: content, fileName: fileName, contentType: contentType)
    }
}

/// A request. Nothing of it is sent before the peer is trusted.
public struct HTTPRequest: Sendable {
    public enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case delete = "DELETE"
    }

    public enum Body: Sendable {
        case none
        case bytes([UInt8], contentType: String)
        /// `application/x-www-form-urlencoded`; the encoded form is overwritten once it has been sent.
        case form([FormField])
        case multipart([MultipartPart])
    }

    public var method: Method
    /// `http://` or `https://`, without credentials.
    public var url: String
    public var headers: [HTTPHeader]
    public var authentication: BasicCredentials?
    public var body: Body
    /// Seconds for the whole exchange.
    public var timeout: Double
    /// Bytes of the response body; a longer one is an error (`tooLarge`), not truncated.
    public var maximumBodySize: Int
    /// Up to five redirects of a GET request, on the same scheme, host and port; another place is an error.
    public var followsRedirects: Bool

    public init(
        _ method: Method, _ url: String, headers: [HTTPHeader] = [], authentication: BasicCredentials? = nil,
        body: Body = .none, timeout: Double = 30, maximumBodySize: Int = 8 << 20, followsRedirects: Bool = false
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.authentication = authentication
        self.body = body
        self.timeout = timeout
        self.maximumBodySize = maximumBodySize
        self.followsRedirects = followsRedirects
    }

    public static func get(_ url: String) -> HTTPRequest { HTTPRequest(.get, url) }

    /// A POST of `application/x-www-form-urlencoded` fields.
    public static func form(_ url: String, _ fields: [FormField]) -> HTTPRequest {
        HTTPRequest(.post, url, body: .form(fields))
    }

    public static func multipart(_ url: String, _ parts: [MultipartPart]) -> HTTPRequest {
        HTTPRequest(.post, url, body: .multipart(parts))
    }
}

/// A response, whatever its status: a 404 or a 500 is a response, not a `TransferError`.
public struct HTTPResponse: Sendable, Hashable {
    public var status: Int
    public var headers: [HTTPHeader]
    public var body: [UInt8]
    /// The address that answered, after redirects.
    public var url: String

    public init(status: Int, headers: [HTTPHeader], body: [UInt8], url: String) {
        self.status = status
        self.headers = headers
        self.body = body
        self.url = url
    }

    /// The first header of that name, ignoring case.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The body as text; bytes that are not UTF-8 become U+FFFD.
    public var text: String { String(decoding: body, as: UTF8.self) }
}
