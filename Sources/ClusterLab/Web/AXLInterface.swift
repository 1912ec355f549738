import Markup

/// The administrative XML interface of the publisher. Source: docs/cluster-interfaces.md.
struct AXLInterface: Sendable {
    let cluster: LabCluster

    /// Larger answers are refused: the client has to page.
    private static let maximumRows = 2000

    func answer(_ request: WebRequest) -> WebResponse {
        guard request.method == "POST" else { return .status(405) }
        guard let given = request.basicCredentials,
            cluster.accepts(.application, user: given.user, password: given.password, at: cluster.publisher)
        else { return WebResponse.status(401).with("WWW-Authenticate", "Basic realm=\"Cisco Web Services Realm\"") }
        guard let (version, name) = Self.action(request.header("SOAPAction")) else {
            return SOAP.fault("The SOAPAction header is missing or malformed")
        }
        guard cluster.plan.release.axlVersions.contains(version) else {
            return SOAP.fault(
                "The requested API version (\(version)) is not supported. Supported: "
                    + cluster.plan.release.axlVersions.joined(separator: ", ")
            ).withStatus(599)
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
        case "restartPhone", "resetPhone": return restart(operation, namespace)
        case "doDeviceReset": return deviceReset(operation, namespace)
        default:
            return SOAP.fault("The operation \(name) is not there", code: 5007, request: name)
        }
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
            guard answer.rows.count <= Self.maximumRows else {
                return SOAP.fault(
                    "Query request too large. Total rows matched: \(answer.rows.count) rows. "
                        + "Suggestive Row Fetch: less than \(Self.maximumRows) rows", code: -1, request: operation.name)
            }
            let rows = answer.rows.map { row in
                let fields = zip(answer.columns, row).map { column, value in
                    let name = column.hasPrefix("(") ? "count" : column
                    return value.map { "<\(name)>\(XMLDocument.escape($0))</\(name)>" } ?? "<\(name)/>"
                }
                return "<row>\(fields.joined())</row>"
            }
            return response(operation, namespace, "<return>\(rows.joined())</return>")
        } catch {
            return SOAP.fault(error.text, code: error.code, request: operation.name)
        }
    }

    /// The phones whose names are like a pattern (`%` for any text), with the fields that are asked for.
    private func list(_ operation: MarkupElement, _ namespace: String) -> WebResponse {
        guard let pattern = operation.element(named: "searchCriteria")?.element(named: "name")?.text,
            let tags = operation.element(named: "returnedTags")?.elements.map(\.name)
        else {
            return SOAP.fault(
                "The elements searchCriteria and returnedTags are required", code: -1, request: operation.name)
        }
        let text = pattern.replacing("'", with: "''")
        let query = """
            select d.pkid, d.name, d.description, tm.name as model from device d, typemodel tm \
            where d.tkmodel = tm.enum and d.tkclass = 1 and d.name like '\(text)' order by d.name
            """
        guard let answer = try? cluster.database(at: cluster.publisher).run(query) else {
            return SOAP.fault("The search criteria cannot be used", code: -1, request: operation.name)
        }
        let phones = answer.rows.map { row in
            let fields = zip(answer.columns, row).dropFirst().filter { tags.contains($0.0) }.map { name, value in
                "<\(name)>\(XMLDocument.escape(value ?? ""))</\(name)>"
            }
            return "<phone uuid=\"{\((row[0] ?? "").uppercased())}\">\(fields.joined())</phone>"
        }
        return response(operation, namespace, "<return>\(phones.joined())</return>")
    }

    private func restart(_ operation: MarkupElement, _ namespace: String) -> WebResponse {
        guard let name = operation.element(named: "name")?.text, let phone = cluster.phone(name) else {
            return SOAP.fault("Item not valid: The specified Phone was not found", code: 5007, request: operation.name)
        }
        phone.restart()
        return response(operation, namespace, "<return>{\(name)}</return>")
    }

    private func deviceReset(_ operation: MarkupElement, _ namespace: String) -> WebResponse {
        guard let name = operation.element(named: "deviceName")?.text, let phone = cluster.phone(name) else {
            return SOAP.fault("Item not valid: The specified Device was not found", code: 5007, request: operation.name)
        }
        phone.restart()
        return response(operation, namespace, "<return>{\(name)}</return>")
    }

    private func response(_ operation: MarkupElement, _ namespace: String, _ content: String) -> WebResponse {
        SOAP.envelope(
            "<ns:\(operation.name)Response xmlns:ns=\"\(namespace)\">\(content)</ns:\(operation.name)Response>")
    }
}

extension WebResponse {
    func withStatus(_ status: Int) -> WebResponse {
        var copy = self
        copy.status = status
        return copy
    }
}
