import Basics
import Markup

/// The web page of a phone.
struct PhoneWeb: Sendable {
    let phone: Phone
    let remote: PhoneRemoteControl

    func answer(_ request: WebRequest) -> WebResponse {
        if let answer = remote.answer(request) { return answer }
        guard request.method == "GET" else { return .status(405) }
        switch (request.path, request.query("adapter")) {
        case ("/", _): return .html(page("Device Information", information))
        case ("/DeviceInformationX", _): return .xml(deviceInformation)
        case ("/CGI/Java/Serviceability", "device.settings.status.messages"):
            return .html(page("Status Messages", messages))
        case ("/CGI/Java/Serviceability", "device.settings.security"):
            return .html(page("Security Configuration", security))
        default: return .status(404)
        }
    }

    private var mac: String { String(phone.plan.name.dropFirst(3)) }

    private var deviceInformation: String {
        let model = phone.plan.model
        return """
            <?xml version="1.0" encoding="utf-8"?>
            <DeviceInformation>
            <MACAddress>\(mac)</MACAddress>
            <HostName>\(phone.plan.name)</HostName>
            <versionID>\(phone.firmware)</versionID>
            <modelNumber>\(model.webName)</modelNumber>
            <MessageWaiting>No</MessageWaiting>
            </DeviceInformation>

            """
    }

    private var information: String {
        rows([
            ("MAC Address", mac), ("Host Name", phone.plan.name), ("Version", phone.firmware),
            ("Model Number", phone.plan.model.webName),
        ])
    }

    private var messages: String {
        let list = phone.state.messages.map {
            "<li>\(Clock.format($0.time, "%H:%M:%S %m/%d/%y")) \(escape($0.text))</li>"
        }
        return "<ul>\n\(list.joined(separator: "\n"))\n</ul>"
    }

    private var security: String {
        var list = [("CTL File", phone.checksum(phone.heldCTL) ?? "Not Installed")]
        if phone.plan.model.hasSecurityByDefault {
            list.append(("ITL File", phone.checksum(phone.heldITL) ?? "Not Installed"))
        }
        return rows(list)
    }

    private func rows(_ rows: [(String, String)]) -> String {
        let lines = rows.map { "<tr><td><b>\(escape($0.0))</b></td><td>\(escape($0.1))</td></tr>" }
        return "<table>\n\(lines.joined(separator: "\n"))\n</table>"
    }

    private func page(_ title: String, _ body: String) -> String {
        """
        <!DOCTYPE html>
        <html><head><title>Cisco Systems, Inc.</title></head><body>
        <h1>\(title)</h1>
        <p>\(phone.plan.model.webName) (\(phone.plan.name))</p>
        \(body)
        </body></html>

        """
    }

    private func escape(_ text: String) -> String { text.escapedForMarkup }
}
