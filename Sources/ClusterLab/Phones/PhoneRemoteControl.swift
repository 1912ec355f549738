import Basics
import Markup
import Synchronization

/// The part of a phone's web page that presses its keys, and shows its display.
///
/// Source: Cisco, Unified IP Phone Services Application Development Notes, CiscoIPPhoneExecute. *Unconfirmed*: what a
/// phone returns for an item that it did not carry out because it was not idle.
final class PhoneRemoteControl: Sendable {
    private let phone: Phone
    private let accepts: @Sendable (String, [UInt8]) -> Bool
    private let menu: Mutex<PhoneMenu>

    static let maximumSize = 40 << 10
    static let maximumItems = 3

    /// - Parameter accepts: whether the cluster's authentication page knows this user with this password.
    init(phone: Phone, accepts: @escaping @Sendable (String, [UInt8]) -> Bool) {
        self.phone = phone
        self.accepts = accepts
        menu = Mutex(PhoneMenu(model: phone.plan.model, firmware: phone.firmware))
    }

    /// Nil if the request is not for it.
    func answer(_ request: WebRequest) -> WebResponse? {
        switch (request.method, request.path) {
        case ("POST", "/CGI/Execute"): refusal(of: request) ?? execute(request)
        case ("GET", "/CGI/Screenshot") where phone.plan.model.rawValue != PhoneModel.cp7960.rawValue:
            refusal(of: request)
                ?? WebResponse(
                    status: 200, headers: [("Content-Type", "image/bmp")],
                    body: PhoneDisplay.bitmap(of: menu.withLock { $0.screen }))
        default: nil
        }
    }

    private func refusal(of request: WebRequest) -> WebResponse? {
        guard let given = request.basicCredentials, accepts(given.user, given.password) else {
            return WebResponse.xml(#"<CiscoIPPhoneError Number="4"/>"#, status: 401)
                .with("WWW-Authenticate", "Basic realm=\"user\"")
        }
        return nil
    }

    private func error(_ number: Int) -> WebResponse { .xml("<CiscoIPPhoneError Number=\"\(number)\"/>") }

    private func execute(_ request: WebRequest) -> WebResponse {
        // The name of the field is case-sensitive.
        guard let text = request.formFields.first(where: { $0.name == "XML" })?.value,
            text.utf8.count <= Self.maximumSize,
            let root = try? XMLDocument.parse(Array(text.utf8), maximumSize: Self.maximumSize),
            root.name == "CiscoIPPhoneExecute"
        else { return error(1) }
        let items = root.elements(named: "ExecuteItem").map { ($0["Priority"], $0["URL"] ?? "") }
        guard (1...Self.maximumItems).contains(items.count),
            items.allSatisfy({ ["0", "1", "2"].contains($0.0 ?? "0") })
        else { return error(1) }
        // The firmware may be another one now.
        menu.withLock { if $0.isHome { $0 = PhoneMenu(model: phone.plan.model, firmware: phone.firmware) } }
        let answers = items.map { priority, key in
            let isDone = !(priority == "2" && phone.isBusy) && press(key)
            return "<ResponseItem URL=\"\(key.escapedForMarkup)\" "
                + (isDone ? "Data=\"Success\" Status=\"0\"/>" : "Data=\"Failure\" Status=\"1\"/>")
        }
        return .xml("<CiscoIPPhoneResponse>\(answers.joined())</CiscoIPPhoneResponse>")
    }

    private func press(_ key: String) -> Bool {
        switch menu.withLock({ $0.press(key) }) {
        case nil: return false
        case .nothing: return true
        case .erasesTrustLists:
            phone.eraseTrustLists()
            return true
        }
    }
}
