import ArgumentParser
import Basics
import Glibc
import Messages
import SmartCards
import Tokens

struct TokenWatch: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: localized("Report when tokens are inserted and removed."),
        discussion: localized(
            """
            First the tokens that are present, then each one inserted or removed, until Control-C. With --json each \
            event is a one-line document.

            Exit status: 0 after Control-C or --timeout, or as soon as --until-inserted is fulfilled; with \
            --until-inserted, 2 when the time runs out, and 10 after Control-C.

            Example:
              etoken-bridge token watch
              etoken-bridge token watch --until-inserted 2 --timeout 120
            """))

    @Option(help: .localized("Stop after this many seconds.", valueName: "seconds"))
    var timeout: Int?

    @Option(
        help: .localized(
            "Stop when this many different tokens have been seen, at once or one after another; those already present count.",
            valueName: "number"))
    var untilInserted: Int?

    @OptionGroup var module: ModuleOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if let timeout, !(0...1_000_000).contains(timeout) {
            throw ValidationError(localized("--timeout must be a number of seconds from 0 to 1000000."))
        }
        if let untilInserted, !(1...100).contains(untilInserted) {
            throw ValidationError(localized("--until-inserted must be a number from 1 to 100."))
        }
    }

    func run() throws {
        let watcher = try module.watcher()
        SignalThread.start { watcher.cancel() }
        let deadline = Deadline(seconds: timeout)
        var seen: Set<[String]> = []
        var isFirst = true
        while !watcher.isCancelled, !deadline.hasPassed || isFirst {
            for change in watcher.changes(within: deadline.millisecondsLeft) {
                let line = WatchLine(change, isStart: isFirst, seen: seen)
                if case .inserted(let token) = change { seen.insert(token.identity) }
                if common.json { try Terminal.jsonLine(line) } else { Terminal.out(line.text) }
            }
            isFirst = false
            if let untilInserted, seen.count >= untilInserted { return }
        }
        guard let untilInserted else { return }
        guard deadline.hasPassed, !watcher.isCancelled else {
            throw Failure(
                Status.interrupted, localized("Interrupted: tokens seen: \(seen.count) of \(untilInserted)."))
        }
        throw Failure(
            Status.notThere,
            localized("Timed out after \(timeout ?? 0) s; tokens seen: \(seen.count) of \(untilInserted)."),
            next: localized("Insert the tokens one after another, or see what is wrong: etoken-bridge doctor"))
    }
}

extension ModuleOptions {
    /// Watches the modules that ``finder()`` would ask.
    ///
    /// - Parameter readsNames: whether tokens are called by the names of their certificates.
    func watcher(readsNames: Bool = false) throws -> TokenWatcher {
        Terminal.keepResults()
        let modules = try named()
        return TokenWatcher(
            modules: modules.isEmpty ? ModuleSearch.candidates() : modules, pins: try .standard, patience: tokenTimeout,
            readsNames: readsNames)
    }
}

/// A line of `token watch`.
struct WatchLine: Encodable {
    struct TokenPart: Encodable {
        let label, serialNumber, model, pin, module, slot: String
    }

    /// `present` (at the start), `inserted`, `removed`, `unread-card`, `unread-card-removed`, `reader-added`,
    /// `reader-removed`, `service-found`, `service-lost` or `module-failed`.
    let event: String
    let time: String
    let token: TokenPart?
    let reader: ReaderDocument?
    /// Whether this token was seen before; omitted for those present at the start.
    let again: Bool?
    let reason: LocalizableText?
    private let clock: String
    private let what: LocalizableText

    private enum CodingKeys: String, CodingKey { case event, time, token, reader, again, reason }

    init(_ change: TokenChange, isStart: Bool, seen: Set<[String]>) {
        let now = Glibc.time(nil)
        time = Timestamp(now).description
        clock = Timestamp(now).clock
        var token: PresentToken?
        var reader: Reader?
        var reason: LocalizableText?
        switch change {
        case .inserted(let inserted):
            event = isStart ? "present" : "inserted"
            token = inserted
            again = isStart ? nil : seen.contains(inserted.identity)
            what =
                seen.contains(inserted.identity)
                ? localized("\(Self.name(inserted)), seen before") : .verbatim(Self.name(inserted))
        case .removed(let removed):
            (event, token, again, what) = ("removed", removed, nil, .verbatim(Self.name(removed)))
        case .unreadCard(let card):
            (event, reader, again) = ("unread-card", card, nil)
            what = localized("\(Self.card(card)) in \(card.name): no module reads it, see etoken-bridge doctor")
        case .unreadCardRemoved(let card):
            (event, reader, again, what) = (
                "unread-card-removed", card, nil, localized("\(Self.card(card)) in \(card.name)")
            )
        case .readerAdded(let added): (event, reader, again, what) = ("reader-added", added, nil, .verbatim(added.name))
        case .readerRemoved(let gone):
            (event, reader, again, what) = ("reader-removed", gone, nil, .verbatim(gone.name))
        case .serviceFound:
            (event, again, what) = ("service-found", nil, localized("the smart card service is running"))
        case .serviceLost(let error):
            (event, again, what, reason) = ("service-lost", nil, error.text, error.text)
        case .moduleFailed(let path, let why):
            (event, again, what, reason) = ("module-failed", nil, why, localized("\(path): \(why)"))
        }
        self.reason = reason
        self.token = token.map {
            TokenPart(
                label: $0.info.plainLabel, serialNumber: $0.info.serialNumber, model: $0.info.model,
                pin: PINLedger.toLookAt.state(of: $0.info).rawValue, module: $0.module, slot: $0.info.slotDescription)
        }
        self.reader = (reader ?? token?.reader).map { ReaderDocument($0) }
    }

    /// For the terminal, where the rest of the line shows the difference.
    private var word: String {
        switch event {
        case "present": localized("present").localized
        case "inserted": localized("inserted").localized
        case "removed": localized("removed").localized
        case "unread-card": localized("unread").localized
        case "unread-card-removed": localized("removed").localized
        case "reader-added": localized("plugged").localized
        case "reader-removed": localized("unplugged").localized
        case "service-found", "service-lost": localized("service").localized
        case "module-failed": localized("module").localized
        default: event
        }
    }

    var text: String { "\(clock)  \(word)\(String(repeating: " ", count: max(0, 9 - word.count)))  \(what)" }

    private static func name(_ token: PresentToken) -> String {
        let place = token.reader.map { localized("reader \($0.name)").localized } ?? token.info.slotDescription
        return localized("\(token.info.plainLabel) (serial \(token.info.serialNumber)) in \(place)").localized
    }

    private static func card(_ reader: Reader) -> String {
        reader.atr.flatMap(KnownCard.with)?.name ?? reader.atr.map { localized("a card with ATR \($0)").localized }
            ?? localized("a card").localized
    }
}
