/// The console log of a phone. Source: Cisco technotes 118893 and 213407; docs/phone-logs.md.
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
            "SECUREAPP-TVS process request - processing TVS Query Certificate request.",
            "SECUREAPP-TVS process request - Successfully sent the TVS request to TVS server, bytes written : 153")
    }

    func tvsTrusts() {
        write(
            "SECUREAPP-TVS Service receives 1480 bytes of data",
            "SECUREAPP-TVS added cert to TVS cache - expires in 24 hours")
    }

    /// The phone has other trust lists now, and forgets what TVS said before.
    func forgetsTVS() {
        write(
            "SECD: tvsReqFlushTvsCertCache: Sent Request to TVS proxy, len: 3708",
            "SECD: tvsFlushCertCache: Completed TVS Certificate cache flush request")
    }
}
