import Basics
import Markup
import Synchronization

/// The administrative XML interface of the publisher. Source: docs/cluster-interfaces.md.
struct AXLInterface: Sendable {
    let cluster: LabCluster
    let sessions: AXLSessions

    /// Larger results are refused, in bytes: the client has to page. Source: docs/cluster-interfaces.md.
    private var maximumSize: Int { cluster.plan.has(.axlSmall) ? 4 << 10 : 8 << 20 }
    /// In the manner `axl-small` more rows than this at once use up the memory, whatever their size.
    private static let memoryRows = 100

    func answer(_ request: WebRequest) -> WebResponse {
        guard request.method == "POST" else { return .status(405) }
        guard let given = request.basicCredentials,
            cluster.accepts(.application, user: given.user, password: given.password, at: cluster.publisher)
        else { return WebResponse.status(401).with("WWW-Authenticate", "Basic realm=\"Cisco Web Services Realm\"") }
        guard cluster.admits(.axl) else {
            return WebResponse.status(503).with("Retry-After", "1")
        }
        guard cluster.plan.has(.axlSessions) else { return answerLoggedIn(request) }
        guard let session = request.cookie("JSESSIONIDSSO") else {
            return answerLoggedIn(request).with(
                "Set-Cookie", "JSESSIONIDSSO=\(sessions.open()); Path=/; Secure; HttpOnly")
        }
        // A client that keeps its cookie only learns that there is no such page.
        return sessions.use(session) ? answerLoggedIn(request) : .status(404)
    }

    private func answerLoggedIn(_ request: WebRequest) -> WebResponse {
        guard let (version, name) = Self.action(request.header("SOAPAction")) else {
            return SOAP.fault("The SOAPAction header is missing or malformed")
        }
        guard cluster.plan.axlVersions.contains(version) else {
            return .html(
                "<html><body>Incorrect axl version. Supported axl versions are \(supportedVersions)</body></html>",
                status: 599)
        }
        guard let operation = SOAP.operation(request.body) else {
            return SOAP.fault("The request is not a SOAP envelope")
        }
        let namespace = "http://www.cisco.com/AXL/API/\(version)"
        guard operation.namespace == namespace, operation.name == name else {
            return SOAP.fault("The endpoint reference (EPR) for the Operation not found is \(request.path)")
        }
        switch name {
        case "executeSQLQuery": return sql(operation, namespace)
        case "listPhone": return list(operation, namespace)
        // In the schemas from 10.0 on; before, there is only doDeviceReset.
        case "restartPhone" where Self.major(version) >= 10, "resetPhone" where Self.major(version) >= 10:
            return restart(operation, namespace)
        case "doDeviceReset": return deviceReset(operation, namespace)
        default:
            return SOAP.fault("The operation \(name) is not there", code: 5007, request: name)
        }
    }

    private static func major(_ version: String) -> Int { version.split(separator: ".").first.flatMap { Int($0) } ?? 0 }

    /// `12.x, 14.0 and 15.0`: a major release with several is named once.
    private var supportedVersions: String {
        var names: [String] = []
        let versions = cluster.plan.axlVersions
        for version in versions {
            let isOne = versions.count { Self.major($0) == Self.major(version) } == 1
            let name = isOne ? version : "\(Self.major(version)).x"
            if !names.contains(name) { names.append(name) }
        }
        return names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
    }

    /// Version and operation of `"CUCM:DB ver=10.5 executeSQLQuery"`.
    private static func action(_ header: String?) -> (version: String, name: String)? {
        guard var text = header?[...] else { return nil }
        if text.count >= 2, text.first == "\"", text.last == "\"" { text = text.dropFirst().dropLast() }
        let parts = text.split(separator: " ")
        guard parts.count == 3, parts[0] == "CUCM:DB", parts[1].hasPrefix("ver=") else { return nil }
        return (String(parts[1].dropFirst(4)), String(parts[2]))
    }

    private func sql(_ operation: MarkupElement, _ namespace: String) -> WebResponse {
        guard let text = operation.element(named: "sql")?.text else {
            return SOAP.fault("The element sql is missing", code: -1, request: operation.name)
        }
        do {
            let answer = try cluster.database(at: cluster.publisher).run(text)
            let rows = answer.rows.map { row in
                let fields = zip(answer.columns, row).map { column, value in
                    let name = column.hasPrefix("(") ? "count" : column
                    return value.map { "<\(name)>\($0.escapedForMarkup)</\(name)>" }
                        ?? (cluster.plan.has(.axlNoNull) ? "" : "<\(name)/>")
                }
                return "<row>\(fields.joined())</row>"
            }
            if let refusal = tooLarge(rows) { return SOAP.fault(refusal, code: -1, request: operation.name) }
            return response(operation, namespace, "<return>\(rows.joined())</return>")
        } catch {
            return SOAP.fault(error.text, code: error.code, request: operation.name)
        }
    }

    /// What listPhone knows about a phone, and where it is in the database.
    private static let phoneFields = [
        "name": "d.name", "description": "d.description", "product": "tm.name as product", "model": "tm.name as model",
        "class": "tc.name as class", "protocol": "tdp.name as protocol", "devicePoolName": "dp.name as devicepoolname",
        "securityProfileName": "sp.name as securityprofilename",
    ]
    private static let searchFields = ["name": "d.name", "description": "d.description", "devicePoolName": "dp.name"]

    /// The phones whose fields match patterns (`%` for any text), with the requested fields, from `skip` on and at most
    /// `first` of them.
    private func list(_ operation: MarkupElement, _ namespace: String) -> WebResponse {
        func refused(_ text: String) -> WebResponse { SOAP.fault(text, code: -1, request: operation.name) }
        guard let criteria = operation.element(named: "searchCriteria")?.elements, criteria.first != nil,
            let tags = operation.element(named: "returnedTags")?.elements.map(\.name)
        else { return refused("The elements searchCriteria and returnedTags are required") }
        var conditions = ""
        for item in criteria {
            guard let column = Self.searchFields[item.name] else {
                return refused("The search criteria \(item.name) cannot be used")
            }
            conditions += " and \(column) like '\(item.text.replacing("'", with: "''"))'"
        }
        if let unknown = tags.first(where: { Self.phoneFields[$0] == nil }) {
            return refused("The returned tag \(unknown) is not known")
        }
        var window = ""
        for name in ["skip", "first"] {
            guard let text = operation.element(named: name)?.text else { continue }
            guard let number = Int(text), number >= 0 else { return refused("\(name) is no number: \(text)") }
            window += " \(name) \(number)"
        }
        let columns = ["d.pkid"] + tags.compactMap { Self.phoneFields[$0] }
        let query = """
            select\(window) \(columns.joined(separator: ", ")) from device d inner join typemodel tm on d.tkmodel = tm.enum \
            inner join typeclass tc on d.tkclass = tc.enum inner join typedeviceprotocol tdp on d.tkdeviceprotocol = tdp.enum \
            left join devicepool dp on d.fkdevicepool = dp.pkid left join securityprofile sp \
            on d.fksecurityprofile = sp.pkid where d.tkclass = 1\(conditions) order by d.name
            """
        guard let answer = try? cluster.database(at: cluster.publisher).run(query) else {
            return refused("The search criteria cannot be used")
        }
        let phones = answer.rows.map { row in
            let fields = zip(tags, row.dropFirst()).map { name, value in
                "<\(name)>\((value ?? "").escapedForMarkup)</\(name)>"
            }
            return "<phone uuid=\"{\((row[0] ?? "").uppercased())}\">\(fields.joined())</phone>"
        }
        if let refusal = tooLarge(phones) { return refused(refusal) }
        return response(operation, namespace, "<return>\(phones.joined())</return>")
    }

    /// Why so many rows are refused; nil if they are not.
    private func tooLarge(_ rows: [String]) -> String? {
        let size = rows.reduce(0) { $0 + $1.utf8.count }
        if cluster.plan.has(.axlSmall), rows.count > Self.memoryRows {
            return "Maximum AXL Memory Allocation Consumed. Please retry once requests in progress have completed"
        }
        guard size > maximumSize else { return nil }
        let words = cluster.plan.has(.axlSuggestive) ? "Suggestive Row Fetch" : "Suggested row fetch"
        let fewer = max(2, rows.count * maximumSize / size)
        return "Query request too large. Total rows matched: \(rows.count) rows. \(words): less than \(fewer) rows"
    }

    private func restart(_ operation: MarkupElement, _ namespace: String) -> WebResponse {
        guard let name = operation.element(named: "name")?.text, cluster.restartPhone(name) else {
            return SOAP.fault("Item not valid: The specified Phone was not found", code: 5007, request: operation.name)
        }
        return response(operation, namespace, "<return>{\(name)}</return>")
    }

    private func deviceReset(_ operation: MarkupElement, _ namespace: String) -> WebResponse {
        guard let name = operation.element(named: "deviceName")?.text, cluster.restartPhone(name) else {
            return SOAP.fault("Item not valid: The specified Device was not found", code: 5007, request: operation.name)
        }
        return response(operation, namespace, "<return>{\(name)}</return>")
    }

    private func response(_ operation: MarkupElement, _ namespace: String, _ content: String) -> WebResponse {
        SOAP.envelope(
            "<ns:\(operation.name)Response xmlns:ns=\"\(namespace)\">\(content)</ns:\(operation.name)Response>")
    }
}

/// AXL's sessions in the manner `axl-sessions`: each is good for three requests.
final class AXLSessions: Sendable {
    private let left = Mutex<[String: Int]>([:])
    private static let requests = 3

    func open() -> String {
        let id = (0..<16).map { _ in UInt8.random(in: .min ... .max) }.hex
        left.withLock { $0[id] = Self.requests }
        return id
    }

    /// Whether a session is good for another request.
    func use(_ id: String) -> Bool {
        left.withLock { left in
            guard let count = left[id], count > 0 else { return false }
            left[id] = count - 1
            return true
        }
    }
}
