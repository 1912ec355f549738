import Basics
import Configuration
import Messages

extension ServiceStatus {
    /// Whether the service can be started at all: not `Service Not Activated`, or, as some print it, `[ STOPPED ]
    /// Component is not running`. (One that someone stopped is `Commanded Out of Service`.)
    public var isActivated: Bool {
        let text = remark.lowercased()
        return !text.contains("not activated") && !(state == "STOPPED" && text.contains("component is not running"))
    }
}

extension PlatformCommandLine {
    /// `utils service restart NAME`, and waits until the node lists the service as started. The command may return
    /// while the service is still starting.
    ///
    /// - Throws: `refused` if the node does not restart it; `timedOut` if it is not up by then; `interrupted`.
    public func restart(
        _ name: String, until deadline: ContinuousClock.Instant = .now + .seconds(600),
        isInterrupted: () -> Bool = { false }
    ) throws(ClusterError) {
        let command = ShellCommand(
            "utils service restart \(name)", timeout: max(1, (deadline - .now) / .seconds(1)))
        // Never cut short: if the terminal goes away between stop and start, the service may stay down (unconfirmed for
        // CUCM, docs/proven.md; the lab does so).
        let text = try shell.run(command)
        var last = CommandAnswers.services(text)?.last { $0.name == name }
        guard last != nil else {
            throw ClusterError(
                .refused, operation: localized("run \(command.text)"), node: shell.node,
                message: localized("it does not restart the service"),
                found: text)
        }
        while last?.isRunning != true {
            guard ContinuousClock.now < deadline else {
                throw ClusterError(
                    .timedOut, operation: localized("restart \(name)"), node: shell.node,
                    message: localized("it does not come up"),
                    expected: .verbatim("STARTED"), found: last.map { .verbatim($0.state) } ?? localized("not listed"))
            }
            guard interruptibleSleep(0.5, isInterrupted: isInterrupted) else {
                throw ClusterError(
                    .interrupted, operation: localized("restart \(name)"), node: shell.node,
                    message: localized("interrupted before it was up again"))
            }
            last = try services().first { $0.name == name }
        }
    }
}
