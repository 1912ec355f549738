import Cluster
import Configuration
import Synchronization
import Transfers

/// Records the requests of a cluster's clients and the responses to them. Accounts, passwords and cookies that were sent
/// are not recorded at all.
public final class Recorder: ClusterWire {
    private let configuration: ClusterConfiguration
    private let exchanges = Mutex<[Exchange]>([])

    public init(_ configuration: ClusterConfiguration) { self.configuration = configuration }

    /// What has been recorded so far.
    public var all: [Exchange] { exchanges.withLock { $0 } }

    func add(_ exchange: Exchange) {
        exchanges.withLock { list in
            var exchange = exchange
            exchange.number = list.count + 1
            list.append(exchange)
        }
    }

    public func terminal(_ trace: TerminalTrace, of node: NodeConfiguration) {
        var exchange = Exchange(.ssh, node: node.name, question: trace.command ?? "")
        var events: [Exchange.Event] = []
        for event in trace.events {
            switch event {
            case .stale(let bytes):
                events.append(.init(kind: .stale, bytes: bytes.count))
                exchange.answer += bytes
            case .received(let bytes, let after):
                events.append(.init(kind: .received, bytes: bytes.count, after: after))
                exchange.answer += bytes
            case .sent(let bytes):
                events.append(.init(kind: .sent, bytes: 0, text: String(decoding: bytes, as: UTF8.self)))
            }
        }
        exchange.events = events
        if !trace.isComplete { exchange.failure = "no-prompt" }
        add(exchange)
    }

    public func http(
        _ request: HTTPRequest, _ live: () throws(TransferError) -> HTTPResponse
    ) throws(TransferError) -> HTTPResponse {
        let (authority, path) = Self.parts(of: request.url)
        let (source, node) = place(authority, path)
        var exchange = Exchange(source, node: node, question: "\(request.method.rawValue) \(path)")
        exchange.request = Self.text(of: request.body)
        do throws(TransferError) {
            let response = try live()
            exchange.status = response.status
            exchange.headers = response.headers.map { "\($0.name): \($0.value)" }
            exchange.answer = response.body
            add(exchange)
            return response
        } catch {
            exchange.failure = error.code.rawValue
            add(exchange)
            throw error
        }
    }

    public func tftp(
        _ name: String, host: String, port: UInt16, _ live: () throws(TransferError) -> [UInt8]
    ) throws(TransferError) -> [UInt8] {
        try record(Exchange(.tftp, node: node(at: host), question: name), live)
    }

    public func message(
        _ request: [UInt8], host: String, port: UInt16, _ live: () throws(TransferError) -> [UInt8]
    ) throws(TransferError) -> [UInt8] {
        let command = request.count > 2 ? TVSMessage.Command(rawValue: request[2]) : nil
        let name = command == .verifyRequest ? "VERIFY" : "QUERY_CERT"
        return try record(Exchange(.tvs, node: node(at: host), question: name), live)
    }

    private func record(
        _ start: Exchange, _ live: () throws(TransferError) -> [UInt8]
    ) throws(TransferError) -> [UInt8] {
        var exchange = start
        do throws(TransferError) {
            exchange.answer = try live()
            add(exchange)
            return exchange.answer
        } catch {
            exchange.failure = error.code.rawValue
            add(exchange)
            throw error
        }
    }

    // MARK: - Where it went

    private func node(at address: String) -> String {
        configuration.nodes.first { $0.address == address || $0.name == address }?.name ?? address
    }

    private func place(_ authority: String, _ path: String) -> (Exchange.Source, String) {
        let mark = authority.lastIndex(of: ":")
        let host = String(mark.map { authority[..<$0] } ?? authority[...]).filter { $0 != "[" && $0 != "]" }
        let port = mark.flatMap { UInt16(authority[authority.index(after: $0)...]) }
        guard let node = configuration.nodes.first(where: { $0.address == host }) else { return (.phone, host) }
        if port == node.httpPort { return (.files, node.name) }
        if path.hasPrefix("/axl") { return (.axl, node.name) }
        if path.hasPrefix("/realtimeservice") { return (.ris, node.name) }
        if path.hasPrefix("/platformcom/api") { return (.rest, node.name) }
        return (.web, node.name)
    }

    private static func parts(of url: String) -> (authority: String, path: String) {
        let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
        let slash = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        return (String(rest[..<slash]), slash == rest.endIndex ? "/" : String(rest[slash...]))
    }

    /// Of a form, only the names of its fields and, unless it is a login, their values.
    private static func text(of body: HTTPRequest.Body) -> String? {
        switch body {
        case .none: return nil
        case .bytes(let bytes, _): return String(decoding: bytes, as: UTF8.self)
        case .form(let fields):
            let isLogin = fields.contains { $0.name.lowercased().contains("password") }
            return fields.map { field in
                isLogin ? field.name : "\(field.name)=\(String(decoding: field.value, as: UTF8.self))"
            }.joined(separator: "\n")
        case .multipart(let parts): return parts.map(\.name).joined(separator: "\n")
        }
    }
}
