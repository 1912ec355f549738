import Basics
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
        guard cluster.admits(.ris) else {
            return SOAP.fault(
                "Exceeded allowed rate for Realtime information. Current allowed rate for realtime information is "
                    + "\(Throttle.Interface.ris.limit) requests per minute.")
        }
        let items = criteria.element(named: "SelectItems")?.elements(named: "item") ?? []
        guard items.count <= Self.maximumDevices else {
            return SOAP.fault("The number of SelectItems exceeds \(Self.maximumDevices)")
        }
        // As many as requested, and never more than the limit.
        let wanted = criteria.element(named: "MaxReturnedDevices").flatMap { Int($0.text) } ?? Self.maximumDevices
        let matching = selected(criteria, items)
        let devices = matching.prefix(min(max(wanted, 0), Self.maximumDevices))
        let byNode = Dictionary(grouping: devices) { $0.node ?? cluster.plan.publisher.name }
        return SOAP.envelope(
            """
            <ns1:selectCmDeviceResponse xmlns:ns1="\(Self.namespace)"><ns1:selectCmDeviceReturn>\
            <ns1:SelectCmDeviceResult><ns1:TotalDevicesFound>\(matching.count)</ns1:TotalDevicesFound>\
            <ns1:CmNodes>\(cluster.plan.nodes.map { item($0, byNode[$0.name] ?? []) }.joined())</ns1:CmNodes>\
            </ns1:SelectCmDeviceResult><ns1:StateInfo/></ns1:selectCmDeviceReturn></ns1:selectCmDeviceResponse>
            """)
    }

    /// A phone as known to the service. One that is not registered is listed at its last node, the publisher.
    private struct Device {
        let name: String
        let model: PhoneModel
        /// Where it is registered.
        let node: String?
        let address: String
        let firmware: String

        var status: String { node == nil ? "UnRegistered" : "Registered" }
    }

    /// The phones that match the criteria, by name with `*` for any text.
    private func selected(_ criteria: MarkupElement, _ items: [MarkupElement]) -> [Device] {
        let names = items.compactMap { $0.element(named: "Item")?.text }.filter { !$0.isEmpty }
        let patterns = names.filter { $0.hasSuffix("*") }
        let exact = Set(names).subtracting(patterns)
        let model = criteria.element(named: "Model").flatMap { Int($0.text) } ?? 255
        let status = criteria.element(named: "Status")?.text.lowercased() ?? "any"
        let node = criteria.element(named: "NodeName")?.text ?? ""
        var devices: [Device] = []
        func add(_ device: Device) {
            let isNamed =
                names.isEmpty || exact.contains(device.name)
                || patterns.contains { Self.matches(device.name, $0) }
            guard isNamed, model == 255 || model == device.model.number,
                status == "any" || status == device.status.lowercased(),
                node.isEmpty || node == "Any" || node == (device.node ?? cluster.plan.publisher.name)
            else { return }
            devices.append(device)
        }
        for phone in cluster.phones {
            add(
                Device(
                    name: phone.plan.name, model: phone.plan.model, node: phone.state.registeredAt,
                    address: phone.plan.address, firmware: phone.firmware))
        }
        // A client that asks for some hundred phones by name does not cause tens of thousands to be examined.
        cluster.crowd.visit(named: names.isEmpty || !patterns.isEmpty ? nil : exact) { index, name, kind, phone in
            // A phone that never started is not known to the service.
            guard phone.starts > 0 else { return }
            add(
                Device(
                    name: name, model: kind.model,
                    node: phone.registeredAt < 0 ? nil : cluster.plan.nodes[Int(phone.registeredAt)].name,
                    address: cluster.crowd.address(index), firmware: kind.model.firmware))
        }
        return devices
    }

    private static func matches(_ name: String, _ pattern: String) -> Bool {
        guard pattern.hasSuffix("*") else { return name == pattern }
        return name.hasPrefix(pattern.dropLast())
    }

    private func item(_ node: LabPlan.Node, _ devices: [Device]) -> String {
        """
        <ns1:item><ns1:ReturnCode>\(devices.isEmpty ? "NotFound" : "Ok")</ns1:ReturnCode><ns1:Name>\(cluster.plan.databaseName(node))</ns1:Name>\
        <ns1:NoChange>false</ns1:NoChange><ns1:CmDevices>\(devices.map(device).joined())</ns1:CmDevices></ns1:item>
        """
    }

    private func device(_ device: Device) -> String {
        let model = device.model
        return """
            <ns1:item><ns1:Name>\(device.name)</ns1:Name><ns1:DirNumber/>\
            <ns1:DeviceClass>Phone</ns1:DeviceClass><ns1:Model>\(model.number)</ns1:Model>\
            <ns1:Product>\(model.number)</ns1:Product><ns1:Status>\(device.status)</ns1:Status>\
            <ns1:Description>Lab \(model.rawValue)</ns1:Description>\
            <ns1:ActiveLoadID>\(device.firmware.escapedForMarkup)</ns1:ActiveLoadID>\
            \(address(device))</ns1:item>
            """
    }

    /// A list of addresses; before 9 just one.
    private func address(_ device: Device) -> String {
        guard cluster.plan.release >= .release9 else { return "<ns1:IpAddress>\(device.address)</ns1:IpAddress>" }
        return """
            <ns1:IPAddress><ns1:item><ns1:IP>\(device.address)</ns1:IP><ns1:IPAddrType>ipv4</ns1:IPAddrType>\
            <ns1:Attribute>Unknown</ns1:Attribute></ns1:item></ns1:IPAddress>
            """
    }
}
