import Basics
import Configuration
import Markup
import Messages
import Transfers

/// What a phone's own web page says about it.
public struct PhoneInformation: Sendable, Hashable {
    /// `SEPB000B4BA0AEE`
    public var name: String
    /// `CP-7975G`
    public var model: String
    /// The firmware.
    public var version: String

    public init(name: String, model: String, version: String) {
        self.name = name
        self.model = model
        self.version = version
    }
}

/// What a phone says about the trust lists that it holds, in hex: MD5 or SHA-1, depending on its model. Nil if it holds
/// none.
public struct PhoneTrustLists: Sendable, Hashable {
    public var ctl: String?
    public var itl: String?

    public init(ctl: String?, itl: String?) {
        self.ctl = ctl
        self.itl = itl
    }

    /// Whether a checksum as displayed by a phone is that of a file: by its length MD5 or SHA-1, or the beginning of
    /// one.
    public static func matches(_ shown: String, md5: [UInt8], sha1: [UInt8]) -> Bool {
        let plain = shown.lowercased()
        return plain.count == md5.count * 2 ? plain == md5.hex : plain.count == sha1.count * 2 && plain == sha1.hex
    }
}

/// The web page of a phone. It is plain HTTP and proves nothing: it is for information, never for deciding what to
/// trust.
public struct PhonePage: Sendable {
    /// The phone's name or address, for errors.
    public let phone: String
    /// Nil if the address is not valid.
    private let base: String?
    private let address: String
    private let timeout: Double
    private let wire: (any Wire)?

    static let informationPath = "/DeviceInformationX"
    /// *Unconfirmed*: phones certainly show the checksums on the display, under Settings > Security > Trust List.
    static let securityPath = "/CGI/Java/Serviceability?adapter=device.settings.security"

    /// - Parameters:
    ///   - port: the configuration's `phone_web_port`.
    ///   - timeout: seconds for each page.
    public init(address: String, port: UInt16 = 80, phone: String? = nil, timeout: Double = 10, wire: (any Wire)? = nil)
    {
        self.wire = wire
        self.phone = phone ?? address
        self.address = address
        // It comes from a list or from the cluster, and becomes a part of a URL: nothing in it may end the host.
        base =
            NodeConfiguration.isAddress(address)
            ? "http://\(NodeConfiguration(name: "", address: address).authority(port: port))" : nil
        self.timeout = timeout
    }

    public func information() throws(ClusterError) -> PhoneInformation {
        let operation = localized("read the phone's information")
        return try information(in: try get(Self.informationPath, operation: operation), operation: operation)
    }

    package func information(in body: [UInt8], operation: LocalizableText) throws(ClusterError) -> PhoneInformation {
        let root: MarkupElement
        do throws(MarkupError) {
            root = try XMLDocument.parse(body, maximumSize: 1 << 20)
        } catch {
            throw ClusterError(
                error, operation: operation, node: phone, found: String(decoding: body, as: UTF8.self))
        }
        guard root.name == "DeviceInformation", let name = root.firstDescendant(named: "HostName")?.text else {
            throw ClusterError(
                .unexpectedAnswer, operation: operation, node: phone, message: localized("unexpected type of page"),
                found: root.text)
        }
        return PhoneInformation(
            name: name, model: root.firstDescendant(named: "modelNumber")?.text ?? "",
            version: root.firstDescendant(named: "versionID")?.text ?? "")
    }

    public func trustLists() throws(ClusterError) -> PhoneTrustLists {
        let operation = localized("read the phone's trust list checksums")
        return try trustLists(in: try get(Self.securityPath, operation: operation), operation: operation)
    }

    package func trustLists(in body: [UInt8], operation: LocalizableText) throws(ClusterError) -> PhoneTrustLists {
        let page = try page(body, operation: operation)
        var checksums: [String: String] = [:]
        for row in page.tables.flatMap(\.rows) where row.count >= 2 {
            let value = row[row.count - 1].text.lowercased().filter { $0.isHexDigit || $0.isLetter }
            checksums[row[0].text.lowercased()] = value
        }
        func checksum(_ name: String) throws(ClusterError) -> String? {
            guard let value = checksums[name], value != "notinstalled" else { return nil }
            guard value.allSatisfy(\.isHexDigit), [32, 40].contains(value.count) else {
                throw ClusterError(
                    .unexpectedAnswer, operation: operation, node: phone,
                    message: localized("the value that the page shows as '\(name)' is not a checksum"), found: value)
            }
            return value
        }
        // Phones without Security by Default show no line for the ITL file.
        guard checksums["ctl file"] != nil else {
            throw ClusterError(
                .unexpectedAnswer, operation: operation, node: phone,
                message: localized("the page shows no trust list"),
                found: page.text)
        }
        return PhoneTrustLists(ctl: try checksum("ctl file"), itl: try checksum("itl file"))
    }

    private func page(_ body: [UInt8], operation: LocalizableText) throws(ClusterError) -> HTMLDocument {
        do throws(MarkupError) {
            return try HTMLDocument(body, maximumSize: 1 << 20)
        } catch {
            throw ClusterError(
                error, operation: operation, node: phone, found: String(decoding: body, as: UTF8.self))
        }
    }

    /// The address of one of its pages.
    func url(_ path: String, operation: LocalizableText) throws(ClusterError) -> String {
        guard let base else {
            throw ClusterError(
                .unexpectedAnswer, operation: operation, node: phone,
                message: localized("its address is neither an IP address nor a host name"), found: address)
        }
        return base + path
    }

    private func get(_ path: String, operation: LocalizableText) throws(ClusterError) -> [UInt8] {
        var request = HTTPRequest.get(try url(path, operation: operation))
        request.timeout = timeout
        request.maximumBodySize = 1 << 20
        let answer: HTTPResponse
        do throws(TransferError) {
            answer = try HTTPSession(wire: wire).send(request)
        } catch {
            throw ClusterError(error, operation: operation, node: phone)
        }
        guard answer.status == 200 else {
            throw ClusterError(
                answer.status == 404 ? .notSupported : .unexpectedAnswer, operation: operation, node: phone,
                message: localized("HTTP status \(answer.status)"))
        }
        return answer.body
    }
}
