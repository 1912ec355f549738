import ArgumentParser
import Messages
import Migration

extension IntroductionChoice: ExpressibleByArgument {}

extension ChangeRecord.Introduction {
    /// Both ways side by side, for the terminal.
    var table: String {
        var table = Table([
            localized("WAY"), localized("FOLLOW"), localized("VISITS"), localized("UNKNOWN"),
            localized("SERVICE RESTARTS"), localized("PHONE RESTARTS"), localized("TIME"),
        ])
        for (name, way) in ways {
            table.add([
                name, "\(way.follow)", "\(way.visits)", "\(way.unknown)", "\(way.serviceRestarts)",
                "\(way.phoneRestarts)", way.duration,
            ])
        }
        return text.localized + "\n" + table.text
    }
}
