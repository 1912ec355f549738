import Markup

/// The real-time information service of the publisher: which phones are registered, and at which address.
///
/// Source: Cisco's Serviceability XML interface, RISPort70 selectCmDevice.
struct RISInterface: Sendable {
    let cluster: LabCluster

    private static let namespace = "http://schemas.cisco.com/ast/soap"
    private static let maximumDevices = 1000

    func answer(_ request: WebRequest) -> WebResponse {
        guard request.method == "POST" else { return .status(405) }
        guard let given = request.basicCredentials,
            cluster.accepts(.application, user: given.user, password: given.password, at: cluster.publisher)
        else { return WebResponse.status(401).with("WWW-Authenticate", "Basic realm=\"Cisco Web Services Realm\"") }
        guard let operation = SOAP.operation(request.body), operation.name == "selectCmDevice",
            operation.namespace == Self.namespace,
            let criteria = operation.element(named: "CmSelectionCriteria")
        else { return SOAP.fault("The request is not a selectCmDevice") }
        let phones = selected(criteria)
        guard phones.count <= Self.maximumDevices else {
            return SOAP.fault("The number of devices exceeds \(Self.maximumDevices)")
        }
        return SOAP.envelope(
            """
            <ns1:selectCmDeviceResponse xmlns:ns1="\(Self.namespace)"><ns1:selectCmDeviceReturn>\
            <ns1:SelectCmDeviceResult><ns1:TotalDevicesFound>\(phones.count)</ns1:TotalDevicesFound>\
            <ns1:CmNodes>\(cluster.plan.nodes.map { item($0, phones) }.joined())</ns1:CmNodes>\
            </ns1:SelectCmDeviceResult><ns1:StateInfo/></ns1:selectCmDeviceReturn></ns1:selectCmDeviceResponse>
            """)
    }

    /// The phones that the criteria name, by name with `*` for any text.
    private func selected(_ criteria: MarkupElement) -> [Phone] {
        let items = criteria.element(named: "SelectItems")?.elements(named: "item") ?? []
        let names = items.compactMap { $0.element(named: "Item")?.text }.filter { !$0.isEmpty }
        let model = criteria.element(named: "Model").flatMap { Int($0.text) } ?? 255
        let status = criteria.element(named: "Status")?.text ?? "Any"
        return cluster.phones.filter { phone in
            (names.isEmpty || names.contains { Self.matches(phone.plan.name, $0) })
                && (model == 255 || model == phone.plan.model.number)
                && (status == "Any" || status.lowercased() == Self.status(phone).lowercased())
        }
    }

    private static func matches(_ name: String, _ pattern: String) -> Bool {
        guard pattern.hasSuffix("*") else { return name == pattern }
        return name.hasPrefix(pattern.dropLast())
    }

    private static func status(_ phone: Phone) -> String {
        phone.state.registeredAt == nil ? "UnRegistered" : "Registered"
    }

    private func item(_ node: LabPlan.Node, _ phones: [Phone]) -> String {
        // A phone that is not registered is listed where it was last, the publisher.
        let here = phones.filter { ($0.state.registeredAt ?? cluster.plan.publisher.name) == node.name }
        return """
            <ns1:item><ns1:ReturnCode>\(here.isEmpty ? "NotFound" : "Ok")</ns1:ReturnCode><ns1:Name>\(node.name)</ns1:Name>\
            <ns1:NoChange>false</ns1:NoChange><ns1:CmDevices>\(here.map(device).joined())</ns1:CmDevices></ns1:item>
            """
    }

    private func device(_ phone: Phone) -> String {
        let model = phone.plan.model
        return """
            <ns1:item><ns1:Name>\(phone.plan.name)</ns1:Name><ns1:DirNumber/>\
            <ns1:DeviceClass>Phone</ns1:DeviceClass><ns1:Model>\(model.number)</ns1:Model>\
            <ns1:Product>\(model.number)</ns1:Product><ns1:Status>\(Self.status(phone))</ns1:Status>\
            <ns1:Description>Lab \(model.rawValue)</ns1:Description>\
            <ns1:ActiveLoadID>\(model.firmware)</ns1:ActiveLoadID>\
            <ns1:IPAddress><ns1:item><ns1:IP>\(phone.plan.address)</ns1:IP><ns1:IPAddrType>ipv4</ns1:IPAddrType>\
            <ns1:Attribute>Unknown</ns1:Attribute></ns1:item></ns1:IPAddress></ns1:item>
            """
    }
}
