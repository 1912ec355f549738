import Basics
import Configuration
import Markup
import Messages
import Secrets
import Transfers

/// The keys and the display of a phone over its web page: `/CGI/Execute` and `/CGI/Screenshot`.
///
/// It is plain HTTP: the password can be read on its way, and anyone who answers at the phone's address gets it.
///
/// Source: Cisco, Unified IP Phone Services Application Development Notes, CiscoIPPhoneExecute.
public struct PhoneKeys: Sendable {
    /// What a display shows, as the phone sends it.
    public struct Picture: Sendable {
        public let bytes: [UInt8]
        /// The file name extension: `png`, `bmp`, `jpg`, `xml`, `bin`.
        public let kind: String
    }

    /// How many keys go into one request, and how long it may be in bytes.
    static let (maximumKeys, maximumSize) = (3, 40 << 10)

    private let page: PhonePage
    private let user: String
    private let password: Secret

    init(_ page: PhonePage, user: String, password: Secret) {
        (self.page, self.user, self.password) = (page, user, password)
    }

    /// Presses keys.
    ///
    /// - Parameters:
    ///   - keys: `Key:Settings`; three at most.
    ///   - onlyIfIdle: no key is pressed while someone is talking on the phone.
    /// - Throws: `busy` if it is not idle, and nothing was pressed; `login-refused`; `refused`.
    public func press(_ keys: [String], onlyIfIdle: Bool) throws(ClusterError) {
        let operation = localized("press keys of the phone")
        precondition((1...Self.maximumKeys).contains(keys.count), "a phone takes three keys at most")
        let items = keys.map {
            "<ExecuteItem Priority=\"\(onlyIfIdle ? 2 : 0)\" URL=\"\($0.escapedForMarkup)\"/>"
        }
        let text = "<CiscoIPPhoneExecute>\(items.joined())</CiscoIPPhoneExecute>"
        precondition(text.utf8.count <= Self.maximumSize, "three keys are short")
        let answer = try send("/CGI/Execute", form: [FormField("XML", text)], operation: operation)
        guard answer.status == 200 else { throw failure(answer, operation: operation) }
        try check(answer.body, keys, onlyIfIdle: onlyIfIdle, operation: operation)
    }

    /// *Unconfirmed*: the status of a key that was not pressed because the phone is not idle; every one but 0 counts.
    func check(
        _ body: [UInt8], _ keys: [String], onlyIfIdle: Bool, operation: LocalizableText
    ) throws(ClusterError) {
        let root: MarkupElement
        do throws(MarkupError) { root = try XMLDocument.parse(body, maximumSize: 1 << 20) } catch {
            throw ClusterError(
                error, operation: operation, node: page.phone, found: String(decoding: body, as: UTF8.self))
        }
        if root.name == "CiscoIPPhoneError" { throw failure(number: root["Number"] ?? "", operation: operation) }
        guard root.name == "CiscoIPPhoneResponse" else {
            throw ClusterError(
                .unexpectedAnswer, operation: operation, node: page.phone,
                message: localized("unexpected type of page"),
                found: root.text)
        }
        let states = root.elements(named: "ResponseItem").map { $0["Status"] ?? "" }
        if states == [String](repeating: "0", count: keys.count) { return }
        guard !onlyIfIdle || states.contains("0") else {
            throw ClusterError(
                .busy, operation: operation, node: page.phone, message: localized("it is not idle, and took no key"))
        }
        throw ClusterError(
            .refused, operation: operation, node: page.phone,
            message: localized("it did not accept all keys"), found: states.joined(separator: ", "))
    }

    /// What its display shows; nil if this phone does not provide it.
    ///
    /// - Throws: `login-refused`, and errors of the transfer.
    public func picture() throws(ClusterError) -> Picture? {
        let operation = localized("read the phone's display")
        let answer = try send("/CGI/Screenshot", form: nil, operation: operation)
        if [400, 404, 405, 501].contains(answer.status) { return nil }
        guard answer.status == 200 else { throw failure(answer, operation: operation) }
        let bytes = answer.body
        let kind =
            bytes.starts(with: [0x89, 0x50, 0x4E, 0x47])
            ? "png"
            : bytes.starts(with: Array("BM".utf8))
                ? "bmp" : bytes.starts(with: [0xFF, 0xD8]) ? "jpg" : bytes.first == UInt8(ascii: "<") ? "xml" : "bin"
        return Picture(bytes: bytes, kind: kind)
    }

    private func failure(_ answer: HTTPResponse, operation: LocalizableText) -> ClusterError {
        if [401, 403].contains(answer.status) { return failure(number: "4", operation: operation) }
        return ClusterError(
            answer.status == 404 ? .notSupported : .unexpectedAnswer, operation: operation, node: page.phone,
            message: localized("HTTP status \(answer.status)"))
    }

    /// The numbers of CiscoIPPhoneError.
    private func failure(number: String, operation: LocalizableText) -> ClusterError {
        let message =
            switch number {
            case "1": localized("it cannot read the request")
            case "2": localized("it cannot write its answer")
            case "3": localized("it has an internal file error")
            case "4": localized("the user name or password of \(user) was refused")
            default: localized("it reports error \(number)")
            }
        var error = ClusterError(
            number == "4" ? .loginRefused : .refused, operation: operation, node: page.phone, message: message,
            account: number == "4" ? .phones : nil)
        if number == "4" {
            error.advice = localized(
                "Check user and password, that this phone is one of the user's controlled devices, and the cluster's authentication URL (the phone asks it); no second attempt was made."
            )
        }
        return error
    }

    private func send(
        _ path: String, form: [FormField]?, operation: LocalizableText
    ) throws(ClusterError) -> HTTPResponse {
        let url = try page.url(path, operation: operation)
        return try password.withArray { (bytes) throws(ClusterError) -> HTTPResponse in
            do throws(TransferError) {
                return try HTTPSession().send(
                    HTTPRequest(
                        form == nil ? .get : .post, url,
                        authentication: BasicCredentials(user: user, password: bytes),
                        body: form.map { .form($0) } ?? .none,
                        timeout: 15, maximumBodySize: 4 << 20))
            } catch {
                throw ClusterError(error, operation: operation, node: page.phone)
            }
        }
    }
}
