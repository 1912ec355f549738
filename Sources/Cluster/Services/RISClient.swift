import Basics
import Configuration
import Markup
import Messages
import Secrets
import Transfers

/// A phone as currently seen by the cluster.
public struct RegisteredPhone: Sendable, Hashable {
    /// `SEPB000B4BA0AEE`
    public var name: String
    /// The node that knows it.
    public var node: String
    /// Its address; nil if the cluster knows none.
    public var address: String?
    /// The number of its model (`typemodel.enum`).
    public var model: Int?
    /// `Registered`, `UnRegistered`, `Rejected`, `Unknown`
    public var status: String
    /// The firmware that it runs; nil if the cluster knows none.
    public var firmware: String?

    public init(
        name: String, node: String, address: String?, model: Int?, status: String, firmware: String? = nil
    ) {
        self.name = name
        self.node = node
        self.address = address
        self.model = model
        self.status = status
        self.firmware = firmware
    }

    public var isRegistered: Bool { status == "Registered" }
}

/// The Real-time Information Service of the publisher (Cisco's Serviceability XML, RISPort70).
public struct RISClient: Sendable {
    private let soap: SOAPClient
    /// Where the service is, the likelier place first.
    private let paths: [String]

    /// From 9 on, and on 8.x.
    private static let paths = ["/realtimeservice2/services/RISService70", "/realtimeservice/services/RisPort70"]

    /// - Parameter version: of the cluster; nil if it is not known.
    public init(
        _ publisher: NodeConfiguration, version: ClusterVersion? = nil, user: String, password: Secret,
        wire: (any Wire)? = nil
    ) throws(ClusterError) {
        let isOld = version.map { $0.major < 9 } ?? false
        paths = isOld ? Self.paths.reversed() : Self.paths
        soap = try SOAPClient(publisher, path: paths[0], user: user, password: password, service: "RIS", wire: wire)
    }

    /// Asks for phones by name.
    ///
    /// - Parameter names: empty for all of them. One response contains at most 1000.
    public func phones(named names: [String] = []) throws(ClusterError) -> [RegisteredPhone] {
        let operation = localized("look up the phones' addresses")
        let items = (names.isEmpty ? ["*"] : names)
            .map { "<ns:item><ns:Item>\($0.escapedForMarkup)</ns:Item></ns:item>" }.joined()
        let answer = try call(
            """
            <ns:selectCmDevice><ns:StateInfo></ns:StateInfo><ns:CmSelectionCriteria>\
            <ns:MaxReturnedDevices>1000</ns:MaxReturnedDevices><ns:DeviceClass>Phone</ns:DeviceClass>\
            <ns:Model>255</ns:Model><ns:Status>Any</ns:Status><ns:NodeName></ns:NodeName><ns:SelectBy>Name</ns:SelectBy>\
            <ns:SelectItems>\(items)</ns:SelectItems><ns:Protocol>Any</ns:Protocol>\
            <ns:DownloadStatus>Any</ns:DownloadStatus></ns:CmSelectionCriteria></ns:selectCmDevice>
            """,
            operation: operation)
        guard let phones = Self.phones(in: answer) else {
            throw ClusterError(
                .unexpectedAnswer, operation: operation, node: soap.node.name,
                message: localized("the response contains no result"),
                found: answer.text)
        }
        return phones
    }

    /// Nil if the answer contains no result.
    package static func phones(in answer: MarkupElement) -> [RegisteredPhone]? {
        guard let result = answer.firstDescendant(named: "SelectCmDeviceResult") else { return nil }
        var phones: [RegisteredPhone] = []
        for node in result.element(named: "CmNodes")?.elements(named: "item") ?? [] {
            let name = node.element(named: "Name")?.text ?? ""
            guard let devices = node.element(named: "CmDevices") else { continue }
            for device in devices.elements where device.name == "item" {
                if let phone = phone(device, node: name) { phones.append(phone) }
            }
        }
        return phones
    }

    /// - Throws: `busy` if it was asked too often: the service answers some 15 requests per minute.
    private func call(_ body: String, operation: LocalizableText) throws(ClusterError) -> MarkupElement {
        do throws(ClusterError) {
            do throws(ClusterError) {
                return try call(body, path: paths[0], operation: operation)
            } catch {
                guard error.code == .notFound else { throw error }
                return try call(body, path: paths[1], operation: operation)
            }
        } catch {
            guard error.code == .refused, error.message.localized.lowercased().contains("exceeded allowed rate") else {
                throw error
            }
            throw ClusterError(
                .busy, operation: operation, node: soap.node.name, message: error.message,
                found: error.found?.localized,
                cause: error)
        }
    }

    private func call(_ body: String, path: String, operation: LocalizableText) throws(ClusterError) -> MarkupElement {
        try soap.call(
            body, namespace: "http://schemas.cisco.com/ast/soap", action: "selectCmDevice", path: path,
            operation: operation)
    }

    /// Its fields in one pass: there are a score of them, and 40,000 phones. Of two with the same name, the last counts.
    /// The address is in `IPAddress/item/IP` from version 10 on, just `IpAddress` in the older service.
    private static func phone(_ device: MarkupElement, node: String) -> RegisteredPhone? {
        var phone = RegisteredPhone(name: "", node: node, address: nil, model: nil, status: "")
        for field in device.elements {
            switch field.name {
            case "Name": phone.name = field.text
            case "Model": phone.model = Int(field.text)
            case "Status": phone.status = field.text
            case "ActiveLoadID": phone.firmware = field.text
            case "IPAddress": phone.address = field.firstDescendant(named: "IP")?.text ?? phone.address
            case "IpAddress": phone.address = field.text
            default: break
            }
        }
        if phone.firmware == "" { phone.firmware = nil }
        if phone.address == "" { phone.address = nil }
        return phone.name.isEmpty ? nil : phone
    }
}
