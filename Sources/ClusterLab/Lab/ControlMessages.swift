/// Requests of the command line to the running lab, over `run/control.sock`: one JSON document each way.
struct ControlRequest: Codable, Sendable {
    enum Command: String, Codable, Sendable {
        case status
        /// Replaces a node's faults.
        case fault
        /// Every phone, one by one.
        case phones
        /// All phones start again.
        case restart
    }

    var command: Command
    var node: String?
    var faults: [Fault]?
    /// How late a slow node responds, in seconds.
    var delay: Double?
    /// Files that someone serves in the node's place: by name, in Base64.
    var spoofed: [String: String]?
    /// Whether phones in a drawer are started, too.
    var everyPhone: Bool?
}

struct ControlResponse: Codable, Sendable {
    var error: String?
    var status: LabStatus?
    var phones: [LabPhone]?
}
