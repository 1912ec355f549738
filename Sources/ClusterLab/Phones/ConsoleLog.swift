/// The console log of a phone. Source: Cisco technote 118893; docs/phone-logs.md.
struct ConsoleLog: Sendable {
    private let file: TraceFile

    init(folder: String) { file = TraceFile(folder + "/console.log") }

    /// `8074: NOT 23:00:22.335499 SECD: setupSocketToTvsProxy: Connected to TVS proxy server`
    private func write(_ texts: String...) {
        file.write(texts) { number, time, text in "\(number): NOT \(time) \(text)" }
    }

    func requests(_ name: String) { write("SECD: tlRequestFile: Request \(name)") }

    func status(_ text: String) { write("STATUS: \(text)") }

    func asksTVS() {
        write(
            "SECD: setupSocketToTvsProxy: Connected to TVS proxy server",
            "SECD: tvsReqFlushTvsCertCache: Sent Request to TVS proxy, len: 3708")
    }

    func tvsTrusts() {
        write(
            "SECD: clpTvsInit: Client message received on TVS proxy socket",
            "SECD: processTvsClntReq: Success reading the client TVS request, len : 3708",
            "SECD: processTvsClntReq: TVS Certificate cache flush request received",
            "SECD: tvsFlushCertCache: Completed TVS Certificate cache flush request")
    }
}
